-- call_get: a call as it was written last, with its case
-- $1 uuid call
-- columns: municipality, inbox, provider_id, language, case_id, case_state, option0, extension of the owner, state, queued
-- and keys as written (null: not yet), reachable (its number is known)
select c.municipality, c.inbox, c.provider_id, coalesce(c.language, k.language) as language, k.id as case_id,
       k.state as case_state, k.option0, a.extension, w.state, w.queued_at is not null as queued, w.menu as keys,
       exists (select from jsonb_array_elements(c.addresses) e where e ->> 'kind' = 'phone') as reachable
  from loket.contact c
  join loket.case_file k on k.id = c.case_id
  left join loket.call w on w.id = c.id
  left join loket.agent a on a.id = k.owner
 where c.id = $1
