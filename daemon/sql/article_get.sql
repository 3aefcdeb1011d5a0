-- article_get: one article: the version of a municipality, else the region's
-- $1 text id, $2 text municipality, null: the region's, else the only one that is in scope
-- columns: an article of the contract
select a.id, a.municipality, a.kind, a.product, to_jsonb(a.channels) as channels, a.language, a.title, a.text, a.template,
       a.enabled, a.changed_at as "changedAt", a.changed_by as "changedBy"
  from loket.article a
 where a.id = $1 and ($2::text is null or a.municipality is null or a.municipality = $2)
 order by (a.municipality is null) = ($2::text is null) desc, a.municipality limit 1
