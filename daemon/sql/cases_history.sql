-- cases_history: what happened to a case, newest 200, oldest first
-- $1 uuid case
-- columns: at, event, why, state, offer, contact, delivery, agent
select at, event, why, state, offer, contact, delivery, agent from (
	select id, at, coalesce(p->>'event', kind) as event, p->>'why' as why, p->'case'->>'state' as state,
	       p->'offer'->>'id' as offer, p->'contact'->>'id' as contact, p->'contact'->>'delivery' as delivery, agent
	  from (select id, at, kind, agent, payload::jsonb as p      -- taken apart once, not for each column
	          from loket.notice where case_id = $1 order by id desc limit 200) n) newest
 order by id
