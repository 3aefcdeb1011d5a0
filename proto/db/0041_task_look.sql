-- 0041 tasks of which something is to be told: a reminder, or that they are late
-- outside a transaction: it is made beside the work
drop index concurrently if exists loket.task_look;

create index concurrently task_look on loket.task (coalesce(look_at, due)) where state = 'open';
