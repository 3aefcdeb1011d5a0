-- figure_sums: sums of cases that began in some days, in groups
-- $1 date from, $2 date to; $3 text municipality, $4 text channel, $5 text product, $6 text team, null: all; $7 text by:
-- municipality, channel, product, team, day, week, month or quarter, null: all together; $8 bool by week too, $9 int rows
-- columns: group, week: how many lie between it and to, or 0; the sums, by their names
select case $7::text when 'municipality' then municipality when 'channel' then channel when 'product' then product
            when 'team' then team when 'day' then day::text when 'week' then to_char(day, 'IYYY-"W"IW')
            when 'month' then to_char(day, 'YYYY-MM') when 'quarter' then to_char(day, 'YYYY-"Q"Q') else '' end as "group",
       case when $8::bool then ($2::date - day - 1) / 7 else 0 end as week,
       sum(cases) as cases, sum(digital) as digital, sum(assisted) as assisted, sum(personal) as personal,
       sum(option0) as option0, sum(taken) as taken, sum(transferred) as transferred, sum(waited) as waited,
       sum(in_time) as in_time, sum(timed) as timed, sum(bucket) as bucket, sum(bucket2) as bucket2, sum(calls) as calls,
       sum(missed) as missed, sum(judged) as judged, sum(fixed) as fixed, sum(finished) as finished,
       sum(reopened) as reopened, sum(day_over) as day_over, sum(in_day) as in_day, sum(week_over) as week_over,
       sum(in_week) as in_week, sum(asked) as asked, sum(graded) as graded, sum(grade) as grade, sum(grade2) as grade2,
       sum(promises) as promises, sum(kept) as kept
  from loket.figure_day
 where day >= $1::date and day < $2::date and ($3::text is null or municipality = $3) and ($4::text is null or channel = $4)
   and ($5::text is null or product = $5) and ($6::text is null or team = $6)
 group by 1, 2 order by 1, 2 limit $9::int
