-- outbox_sent: the provider took a reply. Reports that came before its answer count too: only forward. So does its echo,
-- which without our id looked as somebody else's message: it was this one
-- $1 uuid contact, $2 text provider id or null
-- columns: the notice, when something changed
with went as (
	update loket.outbox set state = 'done', holder = null where contact = $1 returning contact),
told as (
	select c.id, case when bool_or(r.status = 'read') then 'read' when bool_or(r.status = 'delivered') then 'delivered'
	                  when bool_or(r.status = 'failed') then 'failed' else 'sent' end as delivery
	  from loket.contact c left join loket.delivery_report r on r.inbox = c.inbox and r.provider_id = $2
	 where c.id = $1 group by c.id),
before as (select id, delivery from loket.contact where id = $1),
echo as (
	delete from loket.contact x using loket.contact c
	 where c.id = $1 and x.inbox = c.inbox and x.provider_id = $2 and x.id <> c.id and x.direction = 'out'
	   and 'echo' = any (x.flags) returning x.id),
now_is as (
	update loket.contact c
	   set provider_id = case when exists (select from loket.contact x
	                                        where x.inbox = c.inbox and x.provider_id = $2 and x.id <> c.id
	                                          and x.id not in (select id from echo))
	                          then c.provider_id else coalesce(c.provider_id, $2) end,
	       delivery = case when c.delivery = 'failed' or (told.delivery = 'failed' and c.delivery in ('delivered', 'read'))
	                       then c.delivery
	                       when told.delivery = 'failed' then 'failed'
	                       when array_position('{queued,sending,uncertain,sent,delivered,read}'::text[], c.delivery)
	                          > array_position('{queued,sending,uncertain,sent,delivered,read}'::text[], told.delivery)
	                       then c.delivery else told.delivery end,
	       delivery_at = clock_timestamp(),
	       delivery_error = case when c.delivery = 'failed' then c.delivery_error end
	  from told where c.id = told.id returning c.*)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), n.municipality, 'delivery.changed', n.case_id, f.owner,
       jsonb_build_object('contact', jsonb_build_object('id', n.id, 'delivery', n.delivery),
                          'case', jsonb_build_object('id', n.case_id))
  from now_is n join before b on b.id = n.id and b.delivery <> n.delivery
  left join loket.case_file f on f.id = n.case_id
returning id, at, municipality, kind, case_id, agent, payload
