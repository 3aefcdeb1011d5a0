-- outbox_orphans: replies that were being sent by an instance that is gone: uncertain, never sent again by itself.
-- Gone is: no session of that instance here, or no result for longer than a request can take. An instance that
-- was only cut off still tells its result afterwards (outbox_sent: uncertain goes forward to sent)
-- $1 text this instance, $2 int seconds after which any holder is taken for gone
-- columns: the notices
with lost as (
	update loket.outbox o set state = 'done', holder = null
	 where o.state = 'sending' and not o.preparing and o.holder is distinct from $1
	   and (o.next_at < clock_timestamp() - make_interval(secs => $2::int)
	        or not exists (select from pg_stat_activity a where a.application_name = 'loketd ' || o.holder))
	returning o.contact),
now_is as (
	update loket.contact c
	   set delivery = 'uncertain', delivery_at = clock_timestamp(), delivery_error = 'lost while sending'
	  from lost where c.id = lost.contact and c.delivery in ('queued', 'sending') returning c.*)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), n.municipality, 'delivery.changed', n.case_id, f.owner,
       jsonb_build_object('contact', jsonb_build_object('id', n.id, 'delivery', n.delivery),
                          'case', jsonb_build_object('id', n.case_id))
  from now_is n left join loket.case_file f on f.id = n.case_id
returning id, at, municipality, kind, case_id, agent, payload
