-- article_list: articles that are in use, what fits a case first
-- $1 text municipality: its own versions and what it has of the region; null: all in scope
-- $2 text kind, $3 text product, $4 text channel, $5 text language, $6 text words to look for: null for all
-- $7 text product, $8 text channel, $9 text language of the case: those go first; null: none do
-- $10 int how many, $11 int how many to pass over, $12 bool only those to be looked at again by now, longest due first
-- columns: an article of the contract
with found as materialized (select * from loket.articles_found($6, $1) where $6::text is not null)
select a.id, a.municipality, a.kind, a.product, to_jsonb(a.channels) as channels, a.language, a.title, a.text, a.template,
       a.enabled, a.changed_at as "changedAt", a.changed_by as "changedBy", a.review_on::text as "reviewOn"
  from loket.article a left join found f on f.id = a.id and f.municipality is not distinct from a.municipality
 where a.enabled
   and ($1::text is null or a.municipality = $1 or (a.municipality is null
        and not exists (select from loket.article o where o.id = a.id and o.municipality = $1)))
   and ($2::text is null or a.kind = $2)
   and ($3::text is null or a.product = $3)
   and ($4::text is null or a.channels is null or $4 = any (a.channels))
   and ($5::text is null or a.language = $5)
   and ($6::text is null or f.id is not null)
   and (not $12::bool or a.review_on <= (clock_timestamp() at time zone 'Europe/Amsterdam')::date)
 order by case when $12::bool then a.review_on end,
          case when $7::text is null or a.product = $7 then 0 when a.product is null then 1 else 2 end,
          case when $8::text is null or $8 = any (a.channels) then 0 when a.channels is null then 1 else 2 end,
          $9::text is null or a.language = $9 desc,
          f.score desc nulls last, a.title, a.id, a.municipality nulls first
 limit $10 offset $11
