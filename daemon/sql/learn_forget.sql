-- learn_forget: who wants teams instead of agents to be learned of, or nobody, keeps nothing of what was learned before
-- $1 text lease holder, $2 bigint lease epoch; of each municipality: $3 text[] id, $4 text[] of whom is learned
-- ("agent", "team", "off"); $5 int at most
-- columns: id
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share)
delete from loket.learned where id in (
	select l.id from fence, unnest($3::text[], $4::text[]) as m (municipality, learning)
	  join loket.learned l on l.municipality = m.municipality and l.unit_kind <> m.learning
	 limit $5::int)
returning id
