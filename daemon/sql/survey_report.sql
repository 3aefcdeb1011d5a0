-- survey_report: how it was, in groups
-- $1 timestamptz from, $2 timestamptz to (offered), $3 text municipality or null, $4 text by: municipality, channel,
-- product or month, $5 int how many
-- columns: group, offered, answered, and of those that were answered: n_ (how many), sum_ and squares_ of grade, speed,
-- felt_helped and ease; n_solved, sum_solved
select case $4 when 'municipality' then municipality when 'channel' then channel when 'product' then product
            else to_char(offered_at at time zone 'Europe/Amsterdam', 'YYYY-MM') end as "group",
       count(*) as offered, count(grade) as answered,
       count(grade) as n_grade, coalesce(sum(grade), 0) as sum_grade, coalesce(sum(grade * grade), 0) as squares_grade,
       count(speed) as n_speed, coalesce(sum(speed), 0) as sum_speed, coalesce(sum(speed * speed), 0) as squares_speed,
       count(felt_helped) as n_felt_helped, coalesce(sum(felt_helped), 0) as sum_felt_helped,
       coalesce(sum(felt_helped * felt_helped), 0) as squares_felt_helped,
       count(ease) as n_ease, coalesce(sum(ease), 0) as sum_ease, coalesce(sum(ease * ease), 0) as squares_ease,
       count(solved) as n_solved, count(*) filter (where solved) as sum_solved
  from loket.survey
 where state in ('offered', 'answered') and offered_at >= $1 and offered_at < $2 and ($3::text is null or municipality = $3)
 group by 1 order by 1 limit $5
