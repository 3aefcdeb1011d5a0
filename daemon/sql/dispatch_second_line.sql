-- dispatch_second_line: cases that are late while nobody who can finish them is logged in: their product's department gets a
-- task. Looks at the 500 that are most overdue; on the telephone and with option 0 somebody is called back instead
-- $1 text lease holder, $2 bigint lease epoch
-- columns: the notices (case.changed, task.changed)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
late as (
	select c.id, c.municipality, c.product, c.state, p.second_line,
	       coalesce(m.settings #>> array['products', c.product, 'department'],
	                r.settings #>> array['products', c.product, 'department'], p.second_line ->> 'department') as department
	  from (select * from loket.case_file where state = 'queued' and due_at <= clock_timestamp()
	         order by due_at, id limit 500) c
	  join loket.unserved u on u.until is null and (u.municipality, u.product, u.channel, u.language, u.option0)
	                                             = (c.municipality, c.product, c.channel, c.language, c.option0)
	  join loket.product p on p.id = c.product and p.second_line is not null
	  join loket.municipality m on m.id = c.municipality left join loket.region r on r.id = m.region
  join loket.channel h on h.id = c.channel and not h.live, fence
	 where not c.option0 and not exists (select from loket.task t where t.case_id = c.id and t.state = 'open')),
promised as (
	insert into loket.task (id, municipality, case_id, department, action, due, created_at)
	select gen_random_uuid(), municipality, id, department,
	       'Beantwoord deze vraag: er is niemand aanwezig die dit product doet.',
	       clock_timestamp() + make_interval(days => coalesce((second_line ->> 'days')::int, 2)), clock_timestamp() from late
	returning *),
written as (
	insert into loket.task_event (task, municipality, at, kind) select id, municipality, created_at, 'made' from promised)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), l.municipality, 'case.changed', l.id, null::uuid,
       jsonb_build_object('case', jsonb_build_object('id', l.id, 'state', l.state, 'product', l.product,
                          'municipality', l.municipality), 'event', 'task', 'task', jsonb_build_object('id', p.id, 'state', 'open'),
                          'why', 'nobody with the skill is logged in: the second line is asked')
  from late l join promised p on p.case_id = l.id
union all
select t.created_at, t.municipality, 'task.changed', t.case_id, t.owner,
       loket.task_is_told(t.id, t.case_id, t.state, t.owner, t.team, t.department, false, 'made')
  from promised t
returning id, at, municipality, kind, case_id, agent, payload
