-- post_reply_to: whom an answer to a post goes to
-- $1 uuid post
-- columns: as work_reply_to
select c.addresses->0->>'kind' as to_kind, c.addresses->0->>'value' as to_value,
       coalesce(c.provider_time, c.received_at) as last_in, c.id as answers, c.provider_id as answers_id, c.fields
  from loket.contact c where c.id = $1
