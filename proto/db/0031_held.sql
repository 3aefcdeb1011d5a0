-- 0031 lists by state and by date: what agents hold was looked for among all that is closed, and tasks were all sorted.
-- Intake makes no case that is in the first, and no task
-- outside a transaction: both are made beside the work
drop index concurrently if exists loket.case_file_held;

create index concurrently case_file_held on loket.case_file (id) where state in ('assigned', 'triage', 'scheduled');

drop index concurrently if exists loket.task_due;

create index concurrently task_due on loket.task (due, id);
