-- task_events: what happened to a promise, the newest 200, oldest first
-- $1 uuid task
-- columns: at, kind, agent, detail (json)
select at, kind, agent, detail from (
	select id, at, kind, agent, nullif(detail, '{}') as detail from loket.task_event where task = $1 order by id desc limit 200) e
 order by id
