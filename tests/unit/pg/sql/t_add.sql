-- t_add: one row; the parent is checked at COMMIT
-- $1 id  $2 parent or null
insert into public.t (id, parent) values ($1, $2) returning id
