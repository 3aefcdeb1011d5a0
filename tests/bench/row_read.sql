-- one row by its key, prepared: the least that PostgreSQL does for a look
\set n random(2, :cases)
\set ms :now_ms - 3600000 - :n * 25000
select * from loket.case_file where id = (lpad(to_hex(:ms::bigint), 12, '0') || '70018' || lpad(to_hex(:n::bigint), 15, '0'))::uuid;
