-- what a program reads that shows a case: by its key the case, its contacts, notes, tasks, history, its party and addresses, and
-- the other open cases of the party; prepared, nothing recorded
\set n random(2, :cases)
\set ms :now_ms - 3600000 - :n * 25000
\set pms :now_ms - 3600000 - (:n / 2 * 2) * 25000
select * from loket.case_file where id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid;
select * from loket.contact where case_id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid order by received_at desc limit 200;
select * from loket.note where case_id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid order by at limit 200;
select * from loket.task where case_id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid limit 100;
select * from loket.notice where case_id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid order by id desc limit 200;
select * from loket.party where id = (lpad(to_hex(:pms::bigint), 12, '0') || '70028' || lpad(to_hex(:n::bigint / 2), 15, '0'))::uuid;
select * from loket.address where party = (lpad(to_hex(:pms::bigint), 12, '0') || '70028' || lpad(to_hex(:n::bigint / 2), 15, '0'))::uuid;
select * from loket.case_file where party = (lpad(to_hex(:pms::bigint), 12, '0') || '70028' || lpad(to_hex(:n::bigint / 2), 15, '0'))::uuid and state <> 'closed' limit 20;
