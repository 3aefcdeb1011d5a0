-- baseline_sums: the sums of a baseline, in groups as those of figure_sums
-- $1 text name; $2 text municipality, $3 text channel, $4 text product, $5 text team, null: all; $6 text by: municipality, channel,
-- product or team, null: all together
-- columns: group; the sums, by their names
select case $6::text when 'municipality' then d.municipality when 'channel' then channel when 'product' then product
            when 'team' then team else '' end as "group",
       sum(cases) as cases, sum(digital) as digital, sum(assisted) as assisted, sum(personal) as personal,
       sum(option0) as option0, sum(taken) as taken, sum(transferred) as transferred, sum(waited) as waited,
       sum(in_time) as in_time, sum(timed) as timed, sum(bucket) as bucket, sum(bucket2) as bucket2, sum(calls) as
       calls, sum(missed) as missed, sum(judged) as judged, sum(fixed) as fixed, sum(finished) as finished,
       sum(reopened) as reopened, sum(day_over) as day_over, sum(in_day) as in_day, sum(week_over) as week_over,
       sum(in_week) as in_week, sum(asked) as asked, sum(graded) as graded, sum(grade) as grade, sum(grade2) as
       grade2, sum(promises) as promises, sum(kept) as kept
  from loket.baseline b join loket.baseline_day d on d.baseline = b.id and d.municipality = b.municipality
 where b.name = $1 and ($2::text is null or b.municipality = $2) and ($3::text is null or channel = $3)
   and ($4::text is null or product = $4) and ($5::text is null or team = $5)
 group by 1
