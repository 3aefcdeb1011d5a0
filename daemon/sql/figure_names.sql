-- figure_names: what groups of figures are called
-- columns: kind (municipality, product), id, name
select 'municipality' as kind, id, name from loket.municipality
union all select 'product', id, name from loket.product
order by kind, name
