-- notice_after: what a reader of the event stream missed. Also what was written up to 2 s before the last one it
-- saw: transactions do not commit in the order of their ids, so a smaller id may have come later
-- $1 int8 last id seen, $2 text[] its municipalities, $3 uuid its agent or null, $4 bool sees the whole municipality,
-- $5 int8 how many ids back at most (more: no rows, the reader starts anew), $6 int8 rows at most
-- columns: newest (on every row; there is always one row), and null when there is nothing: id, at, kind,
-- municipality, case_id, agent, payload
select m.newest, n.id, n.at, n.kind, n.municipality, n.case_id, n.agent, n.payload
from (select coalesce(max(id), 0) newest from loket.notice) m
left join lateral (
	select * from loket.notice x
	where x.id > $1::int8 - 5000 and m.newest - $1::int8 <= $5::int8
		and (x.id > $1::int8
			or x.at >= (select l.at - interval '2 seconds' from loket.notice l where l.id = $1::int8) and x.id < $1::int8)
		and (x.agent = $3::uuid or ($4::bool and x.municipality = any ($2::text[])))
	order by x.id
	limit $6::int8
) n on true
order by n.id
