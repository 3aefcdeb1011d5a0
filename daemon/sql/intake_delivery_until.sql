-- intake_delivery_until: move forward all our messages that were sent to somebody until a moment, and tell who watches.
-- When a message was sent is when its sending began: not later than the provider says, whose moments these are. Of what
-- is being sent, and of what is uncertain, a moment says nothing: it may never have come
-- $1 text[] inbox, $2 text[] municipality, $3 text[] address kind, $4 text[] address, $5 text[] status,
-- $6 timestamptz[] until, $7 text[] from (states it may move from, by comma), $8 timestamptz now
-- columns of the notices: id, municipality, case_id, agent, payload
with meant as (
	select distinct on (c.id) c.id, u.status, u.until
	from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
		u (inbox, municipality, kind, value, status, until, may_from)
	join loket.address a on a.municipality = u.municipality and a.kind = u.kind and a.value = u.value
	join loket.case_file f on f.party = a.party
	join loket.contact c on c.case_id = f.id and c.inbox = u.inbox and c.direction = 'out'
		and c.received_at <= u.until and c.delivery = any (string_to_array(u.may_from, ','))
		and c.delivery not in ('sending', 'uncertain')
	join loket.outbox o on o.contact = c.id and o.to_kind = u.kind and o.to_value = u.value and o.state <> 'queued'
		and o.next_at <= u.until
	order by c.id, u.status = 'read' desc
),
moved as (
	update loket.contact c set delivery = m.status, delivery_at = m.until
	from meant m where c.id = m.id
	returning c.id, c.case_id, c.municipality, c.delivery
)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select $8::timestamptz, m.municipality, 'delivery.changed', m.case_id, k.owner,
	jsonb_build_object('contact', jsonb_build_object('id', m.id, 'delivery', m.delivery),
		'case', jsonb_build_object('id', m.case_id))
from moved m left join loket.case_file k on k.id = m.case_id
returning id, municipality, case_id, agent, payload
