-- setup_product_put: make or change a product
-- $1 text id, $2 text name, $3 jsonb what must be known, $4 jsonb second line or null
-- columns: made
insert into loket.product (id, name, needs, second_line) values ($1, $2, coalesce($3::jsonb, '[]'), $4::jsonb)
on conflict (id) do update set name = excluded.name, needs = excluded.needs, second_line = excluded.second_line
returning (xmax = 0) as made
