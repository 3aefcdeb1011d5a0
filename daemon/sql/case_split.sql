-- case_split: some of what was said is another question: it becomes a case of its own, which waits since the first of them came.
-- Nothing when the case, or one of the contacts, is not as it was read
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 uuid[] contacts; $6 uuid case (new),
-- $7 text reference, $8 text product, $9 int seconds that it may wait, $10 uuid note (new), $11 uuid writer or null, $12 text note or null
-- columns: the notices (case.changed of both)
with seen as (
	select * from loket.case_file
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $4 and merged_into is null and post is null
	for update),
picked as (
	select c.id, c.direction, c.inbox, c.channel, c.language, c.party, c.received_at
	  from loket.contact c join seen s on c.case_id = s.id
	 where c.id = any ($5::uuid[]) and c.delivery is distinct from 'queued' and c.delivery is distinct from 'sending'
	   and not exists (select from loket.call w where w.id = c.id and w.state <> 'ended')
	for update of c),
newest as (
	select * from picked where direction = 'in' and (select count(*) from picked) = cardinality($5::uuid[])
	 order by received_at desc, id desc limit 1),
made as (
	insert into loket.case_file (id, municipality, reference, product, party, inbox, channel, language, state, opened_at, arrived_at,
	       due_at, last_contact_at)
	select $6, s.municipality, $7, coalesce($8, s.product), coalesce(n.party, s.party), n.inbox, n.channel, coalesce(n.language, s.language),
	       'queued', f.since, f.since, f.since + make_interval(secs => $9::int), n.received_at
	  from seen s, newest n, lateral (select min(received_at) as since from picked where direction = 'in') f
	returning *),
moved as (
	update loket.contact c set case_id = m.id from made m where c.id in (select id from picked)),
calls as (
	update loket.call w set case_id = m.id from made m where w.id in (select id from picked)),
linked as (
	insert into loket.case_link (one, other, municipality, at, agent)
	select least($1::uuid, m.id), greatest($1::uuid, m.id), m.municipality, clock_timestamp(), $11 from made m
	on conflict do nothing),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $10, municipality, id, $11, clock_timestamp(), $12 from made where $12::text is not null)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select * from (
	select clock_timestamp(), municipality, 'case.changed', id, null::uuid,
	       loket.case_told(id, state, product, municipality, 'split', 'another question in the same conversation') ||
	       jsonb_build_object('from', jsonb_build_object('id', $1::uuid))
	  from made
	union all
	select clock_timestamp(), s.municipality, 'case.changed', s.id, s.owner,
	       loket.case_told(s.id, s.state, s.product, s.municipality, 'splitOff', 'a part of it is a question of its own', owner => s.owner) ||
	       jsonb_build_object('splitOff', jsonb_build_object('id', m.id))
	  from seen s, made m) as n (at, municipality, kind, case_id, agent, payload)
returning id, at, municipality, kind, case_id, agent, payload
