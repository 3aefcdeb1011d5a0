-- t_star: every column, also one that comes while we are connected
-- columns: id
select * from public.t order by id
