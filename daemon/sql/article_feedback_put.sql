-- article_feedback_put: an article did not help. Of each the newest 100 stay
-- $1 uuid (new), $2 text id, $3 text municipality, null: the region's, $4 uuid agent or null, $5 uuid case or null, $6 text note or null
-- columns: one row when there is such an article
with of as (select id, municipality from loket.article where id = $2 and municipality is not distinct from $3),
old as (
	delete from loket.article_feedback where id in (
		select f.id from loket.article_feedback f, of
		 where f.article = of.id and f.municipality is not distinct from of.municipality order by f.id desc offset 99)),
put as (
	insert into loket.article_feedback (id, article, municipality, at, agent, case_id, note)
	select $1, id, municipality, clock_timestamp(), $4, $5, $6 from of
	on conflict (id) do nothing)
select id from of
