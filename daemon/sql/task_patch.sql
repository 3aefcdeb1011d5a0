-- task_patch: a promise kept, dropped or moved; null leaves a thing as it is
-- $1 uuid task, $2 text state, $3 timestamptz due, $4 text note, $5 text department, $6 text action
-- columns: the task of the contract
with changed as (
	update loket.task t
	   set state = coalesce($2, t.state), due = coalesce($3, t.due), note = coalesce($4, t.note),
	       department = coalesce($5, t.department), action = coalesce($6, t.action),
	       done_at = case coalesce($2, t.state) when 'open' then null else coalesce(t.done_at, clock_timestamp()) end
	 where t.id = $1 returning t.*)
select t.id, t.case_id as "case", t.municipality, t.department, t.action, t.due, t.note, t.state,
       t.created_by as "createdBy", t.created_at as "createdAt", t.done_at as "doneAt" from changed t
