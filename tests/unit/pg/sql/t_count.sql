-- t_count: rows
-- columns: n
select count(*) as n from public.t
