-- notice_others: what is new in the table, when there are other instances to write it, or were at the last look
-- $1 int8 last id seen, $2 text our application_name, $3 int8 rows at most, $4 bool not the first look, $5 bool we were
-- alone at the last one, $6 int8[] ids before the last that were not seen: perhaps they committed since
-- columns: newest, alone (on every row; there is always one row), and null when there is nothing: id, at, kind,
-- municipality, case_id, agent, payload
with m as materialized (
	select coalesce((select max(x.id) from loket.notice x), 0) newest,
		not exists (select from pg_stat_activity a
			where a.application_name like 'loketd %' and left(a.application_name, length($2::text)) <> $2::text) alone
)
select m.newest, m.alone, n.id, n.at, n.kind, n.municipality, n.case_id, n.agent, n.payload
from m
left join lateral (
	select * from (
		select * from loket.notice x where x.id > $1::int8
		union all
		select * from loket.notice x where x.id = any ($6::int8[])
	) x
	where $4::bool and not (m.alone and $5::bool)
	order by x.id limit $3::int8
) n on true
order by n.id
