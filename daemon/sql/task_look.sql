-- task_look: promises of which it is time to tell something: who has them is reminded, or they are late
-- columns: the notices
with now_due as (
	select id from loket.task where state = 'open' and coalesce(look_at, due) <= clock_timestamp()
	 order by coalesce(look_at, due) limit 100 for update skip locked),
told as (
	update loket.task t
	   set look_at = case when t.due > clock_timestamp() then t.due
	                      when t.term_until > clock_timestamp() then t.term_until else 'infinity' end
	  from now_due d where t.id = d.id
	returning t.*, case when t.term_until <= clock_timestamp() then 'termOver'
	                    when t.due <= clock_timestamp() then 'late' else 'reminded' end as event),
written as (
	insert into loket.task_event (task, municipality, at, kind) select id, municipality, clock_timestamp(), event from told)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), t.municipality, 'task.changed', t.case_id, t.owner,
       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department, t.event <> 'reminded', t.event)
  from told t
returning id, at, municipality, kind, case_id, agent, payload
