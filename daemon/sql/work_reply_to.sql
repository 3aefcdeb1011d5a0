-- work_reply_to: whom a reply goes to: the citizen's newest message of this case on the inbox of the conversation, or on
-- the one we answered by (a form is answered by mail)
-- $1 uuid case
-- columns: to_kind, to_value, last_in, answers, answers_id, fields (json), opted_out
select c.addresses->0->>'kind' as to_kind, c.addresses->0->>'value' as to_value,
       coalesce(c.provider_time, c.received_at) as last_in, c.id as answers, c.provider_id as answers_id, c.fields,
       exists (select from loket.opt_out o where o.municipality = c.municipality and o.channel = c.channel
                  and o.kind = c.addresses->0->>'kind' and o.value = c.addresses->0->>'value') as opted_out
  from loket.contact c join loket.case_file f on f.id = c.case_id and (f.inbox = c.inbox or exists (
	select from loket.contact o where o.case_id = f.id and o.direction = 'out' and o.inbox = c.inbox))
 where c.case_id = $1 and c.direction = 'in' and c.kind not in ('system', 'delete')
 order by c.received_at desc, c.id desc limit 1
