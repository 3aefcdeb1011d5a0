-- post_reply_to: whom an answer to a post goes to
-- $1 uuid post
-- columns: as work_reply_to
select c.addresses->0->>'kind' as to_kind, c.addresses->0->>'value' as to_value,
       coalesce(c.provider_time, c.received_at) as last_in, c.id as answers, c.provider_id as answers_id, c.fields,
       exists (select from loket.opt_out o where o.municipality = c.municipality and o.channel = c.channel
                  and o.kind = c.addresses->0->>'kind' and o.value = c.addresses->0->>'value') as opted_out
  from loket.contact c where c.id = $1
