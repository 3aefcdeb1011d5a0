-- article_get: one article: the version of a municipality, else the region's
-- $1 text id, $2 text municipality, null: the region's, else the only one that is in scope
-- columns: an article of the contract, and how often this version did not help
select a.id, a.municipality, a.kind, a.product, to_jsonb(a.channels) as channels, a.language, a.title, a.text, a.template,
       a.enabled, a.changed_at as "changedAt", a.changed_by as "changedBy", a.review_on::text as "reviewOn",
       (select nullif(count(*), 0) from loket.article_feedback f
         where f.article = a.id and f.municipality is not distinct from a.municipality and f.at > a.changed_at) as "didNotHelp"
  from loket.article a
 where a.id = $1 and ($2::text is null or a.municipality is null or a.municipality = $2)
 order by (a.municipality is null) = ($2::text is null) desc, a.municipality limit 1
