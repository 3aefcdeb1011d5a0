-- article_versions: what an article said, the newest first
-- $1 text id, $2 text municipality, null: the region's; $3 bigint version: only older ones, null: all, $4 int how many
-- columns: version, at, agent, content
select n as version, at, agent, content
  from loket.article_change
 where article = $1 and municipality is not distinct from $2 and ($3::bigint is null or n < $3)
 order by n desc limit $4
