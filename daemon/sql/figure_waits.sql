-- figure_waits: how long people waited, in the same groups as figure_sums
-- $1 date from, $2 date to; $3 text municipality, $4 text channel, $5 text product, $6 text team, null: all; $7 text by
-- columns: group, bucket, n
select case $7::text when 'municipality' then municipality when 'channel' then channel when 'product' then product
            when 'team' then team when 'day' then day::text when 'week' then to_char(day, 'IYYY-"W"IW')
            when 'month' then to_char(day, 'YYYY-MM') when 'quarter' then to_char(day, 'YYYY-"Q"Q') else '' end as "group",
       bucket, sum(n) as n
  from loket.figure_wait
 where day >= $1::date and day < $2::date and ($3::text is null or municipality = $3) and ($4::text is null or channel = $4)
   and ($5::text is null or product = $5) and ($6::text is null or team = $6)
 group by 1, 2 order by 1, 2
