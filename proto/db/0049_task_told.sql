-- 0049 what is told of a task names the department that has it, so that a department's own system can pick out its tasks

set local search_path = loket;

-- in place of task_told, of which a department could not be told
create function task_is_told(id uuid, case_id uuid, state text, owner uuid, team text, department text, late boolean, event text)
	returns jsonb language sql stable parallel safe as $$
	select jsonb_strip_nulls(jsonb_build_object('task', jsonb_build_object('id', id, 'state', state, 'owner', owner, 'team', team,
		'department', department, 'late', late), 'case', jsonb_build_object('id', case_id), 'event', event))
$$;
