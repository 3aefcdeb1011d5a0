-- queue_counts_pg: how much waits, and since when
-- $1 text municipality or null, $2 text channel or null, $3 text product or null
-- columns: municipality, channel, product, waiting, oldest
select municipality, channel, product, count(*) as waiting, min(arrived_at) as oldest
  from loket.case_file
 where state = 'queued'
   and ($1::text is null or municipality = $1) and ($2::text is null or channel = $2)
   and ($3::text is null or product = $3)
 group by municipality, channel, product
 order by municipality, channel, product
