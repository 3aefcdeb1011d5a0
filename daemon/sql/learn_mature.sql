-- learn_mature: outcomes whose five working days are over: did it help? Each is marked and counted in one go, so once.
-- A later contact on the same case shows as reopened (a thank-you does not reopen); other cases of the party are looked at
-- for contacts. Success and failure are booked at the same age: failures known early would make estimates too low
-- $1 text lease holder, $2 bigint lease epoch, $3 int half-life in hundredths of a working day (0: nothing is forgotten),
-- $4 int at most
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
	                          and c.direction = 'in' and c.received_at > d.at) as good
	  from due d left join loket.case_file k on k.id = d.case_id),
matured as (
	update loket.outcome o set y = j.good, agent = null from judged j where o.case_id = j.case_id
	returning o.case_id),
lessons as (
	select u.kind, u.unit, j.product, coalesce(a.home = j.municipality, false) as home,
	       count(*) filter (where j.good)::float8 as fixed, count(*)::float8 as n
	  from judged j
	  join loket.agent a on a.id = j.agent
	  join loket.municipality m on m.id = j.municipality
	  left join loket.region r on r.id = m.region
	 cross join lateral (select coalesce(m.settings -> 'routing' ->> 'learning', r.settings -> 'routing' ->> 'learning',
	                                     'agent') as kind) w
	 cross join lateral (select w.kind, case when w.kind = 'team'
	            then (select t.id from loket.team t where t.id = any (a.teams) order by t.id limit 1)
	            else a.id::text end as unit) u
	 where u.kind <> 'off' and u.unit is not null
	   and j.municipality = any (coalesce(a.knows, a.municipalities))
	   and (j.product = '' or j.product = any (a.products))
	 group by 1, 2, 3, 4),
taught as (
	insert into loket.learned as l (unit_kind, unit, product, home, fixed, n, day)
	select kind, unit, product, home, fixed, n, loket.working_day(clock_timestamp()) from lessons
	on conflict (unit_kind, unit, product, home) do update set
		(fixed, n, day) = (select l.fixed * f + excluded.fixed, l.n * f + excluded.n, excluded.day
		  from (select coalesce(power(0.5, (excluded.day - l.day) * 100 / nullif($3::int, 0)::float8), 1) as f) x))
select case_id from matured
