-- event_fan: notices up to one become events for whoever wants them. A page for each subscription that has room;
-- whichever instance holds the row of a subscription does it alone
-- $1 bigint notice up to which all have committed, $2 text[] kinds that go out, $3 text[] what each is about (a key
-- of its payload), $4 text how types begin, $5 int notices at a time, $6 int events of a subscription that may wait
-- columns: n: events made; more: a page was full
with s as materialized (
	select s.id, s.municipality, s.types, s.seen from loket.subscription s
	 where s.state = 'active' and s.seen < $1
	   and (select count(*) from (select from loket.event e where e.subscription = s.id and e.state <> 'dead'
	                               limit $6::int) w) < $6::int
	 order by s.seen limit 50 for update skip locked),
page as materialized (
	select s.id as subscription, s.municipality as place, s.types, n.*
	  from s cross join lateral (
		select n.id as notice, n.at, n.municipality, n.kind, n.case_id, n.payload from loket.notice n
		 where n.id > s.seen and n.id <= $1 order by n.id limit $5::int) n),
made as (
	insert into loket.event (subscription, municipality, notice, at, kind, type, subject, about, case_id, payload)
	select p.subscription, p.municipality, p.notice, p.at, p.kind, t.type, t.subject,
	       coalesce(p.case_id::text, t.subject, ''), p.case_id, p.payload
	  from page p join unnest($2::text[], $3::text[]) k (kind, about) on k.kind = p.kind
	 cross join lateral (select $4 || p.kind || coalesce('.' || (p.payload ->> 'event'), '') as type,
	                            p.payload -> k.about ->> 'id' as subject) t
	 where p.municipality = p.place
	   and exists (select from unnest(p.types) w where t.type = w or starts_with(t.type, w || '.'))
	on conflict (subscription, notice) do nothing
	returning id),
moved as (
	update loket.subscription u set seen = m.last
	  from (select s.id, case when count(p.notice) = $5::int then max(p.notice) else $1::bigint end as last
	          from s left join page p on p.subscription = s.id group by s.id) m
	 where u.id = m.id
	returning u.seen)
select (select count(*) from made) as n, coalesce(bool_or(seen < $1), false) as more from moved
