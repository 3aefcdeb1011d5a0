-- intake_delivery: move our messages forward, and tell who watches. A message is found by the provider's id, or, when
-- we never learned that (uncertain), by our own
-- $1 text[] inbox, $2 text[] provider_id, $3 uuid[] our_id, $4 text[] status, $5 timestamptz[] at, $6 text[] error,
-- $7 text[] from (states it may move from, by comma; '' is none), $8 timestamptz now
-- columns of the notices: id, municipality, case_id, agent, payload
with said as (
	select u.*, coalesce((select m.id from loket.contact m where m.inbox = u.inbox and m.provider_id = u.provider_id),
		u.our_id) as contact
	from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
		u (inbox, provider_id, our_id, status, at, error, may_from)
),
moved as (
	update loket.contact c set (delivery, delivery_at, delivery_error, provider_id) = (
		select u.status, u.at, u.error, coalesce(c.provider_id, u.provider_id)
		from said u where u.contact = c.id and u.inbox = c.inbox
			and coalesce(c.delivery, '') = any (string_to_array(u.may_from, ',')) limit 1)
	where c.id = any (array(select contact from said)) and c.direction = 'out'
		and exists (select from said u where u.contact = c.id and u.inbox = c.inbox
			and coalesce(c.delivery, '') = any (string_to_array(u.may_from, ',')))
	returning c.id, c.case_id, c.municipality, c.delivery
)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select $8::timestamptz, m.municipality, 'delivery.changed', m.case_id, k.owner,
	jsonb_build_object('contact', jsonb_build_object('id', m.id, 'delivery', m.delivery),
		'case', jsonb_build_object('id', m.case_id))
from moved m left join lateral (select * from loket.case_file f where f.id = m.case_id offset 0) k on true
returning id, municipality, case_id, agent, payload
