-- world_products: what questions are about
-- columns: id
select id from loket.product order by id
