-- another type for a column that most statements return: plans of before cannot be run any more (pg_conn.c prepares anew)
alter table loket.notice alter column kind type varchar;
