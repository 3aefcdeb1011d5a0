-- cases_history: what happened to a case, newest 200, oldest first
-- $1 uuid case
-- columns: at, event, why, state, offer, contact, delivery, agent
select at, event, why, state, offer, contact, delivery, agent from (
	select id, at, coalesce(payload->>'event', kind) as event, payload->>'why' as why,
	       payload->'case'->>'state' as state, payload->'offer'->>'id' as offer,
	       payload->'contact'->>'id' as contact, payload->'contact'->>'delivery' as delivery, agent
	  from loket.notice where case_id = $1 order by id desc limit 200) newest
 order by id
