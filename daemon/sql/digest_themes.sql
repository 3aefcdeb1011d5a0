-- digest_themes: what was said of each theme in some hours, and in as many of the same hours in each of the weeks before
-- $1 text municipality, $2 int first hour, $3 int hour after the last; $4 int weeks
-- columns: theme, area ('': everywhere), week (0: these hours), n
select h.theme, h.area, w.week, sum(h.n) as n
  from generate_series(0, $4::int) w (week)
  join loket.theme_hour h on h.municipality = $1 and h.hour >= $2::int - w.week * 168 and h.hour < $3::int - w.week * 168
 group by h.theme, h.area, w.week
