-- t_sleep: take a while
-- $1 seconds
select pg_sleep($1)
