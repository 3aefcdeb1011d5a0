-- learn_mature: outcomes whose five working days are over: did it help? Each is marked and counted in one go, so once.
-- A later contact on the same case shows as reopened (a thank-you does not reopen); other cases of the party are looked at
-- for contacts. Success and failure are booked at the same age: failures known early would make estimates too low
-- $1 text lease holder, $2 bigint lease epoch, $3 bigint working day that it is, $4 int at most; of each municipality:
-- $5 text[] id, $6 bigint[] half-life in hundredths of a working day (0: nothing is forgotten), $7 text[] of whom is learned
-- columns: case_id
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
due as (
	select o.* from loket.outcome o, fence
	 where o.y is null and o.due_at <= clock_timestamp()
	 order by o.due_at limit $4::int for update of o skip locked),
judged as (
	select d.*, k.id is not null and k.reopened = 0 and k.transfers = 0
	       and not exists (select from loket.task t where t.case_id = d.case_id and t.state = 'open')
	       and not exists (select from loket.callback b where b.case_id = d.case_id and b.state = 'open')
	       and not exists (select from loket.case_file o join loket.contact c on c.case_id = o.id
	                        where o.party = k.party and o.id <> k.id
	                          and case when o.option0 then '' else o.product end = d.product
	                          and c.direction = 'in' and c.received_at > d.at and c.received_at <= d.due_at) as good
	  from due d left join loket.case_file k on k.id = d.case_id),
matured as (
	update loket.outcome o set y = j.good, agent = null from judged j where o.case_id = j.case_id
	returning o.case_id),
lessons as (
	select j.municipality, m.learning as kind, u.unit, j.product, coalesce(a.home = j.municipality, false) as home,
	       count(*) filter (where j.good)::float8 as fixed, count(*)::float8 as n
	  from judged j
	  join loket.agent a on a.id = j.agent
	  join unnest($5::text[], $6::bigint[], $7::text[]) as m (id, half_life, learning) on m.id = j.municipality
	 cross join lateral (select case when m.learning = 'team'
	            then (select t.id from loket.team t where t.id = any (a.teams) order by t.id limit 1)
	            else a.id::text end as unit) u
	 where m.learning <> 'off' and u.unit is not null
	   and j.municipality = any (coalesce(a.knows, a.municipalities))
	   and (j.product = '' or j.product = any (a.products))
	 group by 1, 2, 3, 4, 5),
taught as (
	insert into loket.learned as l (municipality, unit_kind, unit, product, home, fixed, n, day)
	select municipality, kind, unit, product, home, fixed, n, $3::bigint from lessons
	on conflict (municipality, unit_kind, unit, product, home) do update set
		(fixed, n, day) = (select l.fixed * f + excluded.fixed, l.n * f + excluded.n, excluded.day
		  from unnest($5::text[], $6::bigint[]) as m (id, half_life)
		 cross join lateral (select greatest(excluded.day - l.day::bigint, 0) * 100 / nullif(half_life, 0)::float8 as age) g
		 cross join lateral (select case when age < 60 then power(0.5, age) when age is null then 1 else 0 end as f) x
		 where m.id = l.municipality))
select case_id from matured
