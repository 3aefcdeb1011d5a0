-- dispatch_held: cases without haste that are held for a better chance; each is recorded once in a wait
-- $1 text lease holder, $2 bigint lease epoch, $3 uuid[] case, $4 bigint[] agents considered, $5 text policy, $6 text rule
-- columns: none
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share)
insert into loket.routing (case_id, municipality, at, policy, rule, n_considered, candidates, left_out)
select c.id, c.municipality, clock_timestamp(), $5, $6, w.considered, '[]', '[]'
  from unnest($3::uuid[], $4::bigint[]) as w (case_id, considered) join loket.case_file c on c.id = w.case_id, fence
 where c.state = 'queued'
   and not exists (select from loket.routing r where r.case_id = c.id and r.at >= c.arrived_at and r.rule = $6)
