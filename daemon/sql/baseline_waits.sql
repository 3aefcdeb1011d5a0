-- baseline_waits: how long people waited then, in the same groups as baseline_sums
-- $1 text name; $2 text municipality, $3 text channel, $4 text product, $5 text team, null: all; $6 text by
-- columns: group, bucket, n
select case $6::text when 'municipality' then d.municipality when 'channel' then channel when 'product' then product
            when 'team' then team else '' end as "group", bucket, sum(n) as n
  from loket.baseline b join loket.baseline_wait d on d.baseline = b.id and d.municipality = b.municipality
 where b.name = $1 and ($2::text is null or b.municipality = $2) and ($3::text is null or channel = $3)
   and ($4::text is null or product = $4) and ($5::text is null or team = $5)
 group by 1, 2
