-- cases_history: what happened to each case, newest 200, oldest first
-- $1 uuid[] cases
-- columns: n (which case, from 1), at, event, why, state, offer, contact, delivery, agent
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select at, event, why, state, offer, contact, delivery, agent from (
	select id, at, coalesce(p->>'event', kind) as event, p->>'why' as why, p->'case'->>'state' as state,
	       p->'offer'->>'id' as offer, p->'contact'->>'id' as contact, p->'contact'->>'delivery' as delivery, agent
	  from (select id, at, kind, agent, payload::jsonb as p      -- taken apart once, not for each column
	          from loket.notice where case_id = q.id order by id desc limit 200) n) newest
 order by id
) x
