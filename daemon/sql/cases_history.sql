-- cases_history: what happened to a case, newest 200, oldest first
-- $1 uuid case
-- columns: id, at, kind, event, why, state, offer, contact, delivery, agent
select * from (
	select id::text as id, at, kind, payload->>'event' as event, payload->>'why' as why,
	       payload->'case'->>'state' as state, payload->'offer'->>'id' as offer,
	       payload->'contact'->>'id' as contact, payload->'contact'->>'delivery' as delivery, agent
	  from loket.notice where case_id = $1 order by loket.notice.id desc limit 200) newest
 order by at, newest.id::bigint
