-- setup_product_put: make or rename a product
-- $1 text id, $2 text name
-- columns: made
insert into loket.product (id, name) values ($1, $2)
on conflict (id) do update set name = excluded.name
returning (xmax = 0) as made
