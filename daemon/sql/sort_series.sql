-- sort_series: of each series the hours that a judgement looks at: a day until its hour, and the same in the weeks before
-- $1 text[] municipalities, $2 text[] themes, $3 text[] areas, $4 bigint[] hours; $5 int weeks
-- columns: nth (from 1), since (hour; null: not set up), week (0: this one), ago (hours before the last), n: at least one row for each
select s.nth, greatest(t.hour, a.hour) as since, w.week, s.hour - w.week * 168 - h.hour as ago, h.n
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) with ordinality s (municipality, theme, area, hour, nth)
  left join loket.theme_since t on t.municipality = s.municipality and t.theme = s.theme and t.area = '' and s.theme <> ''
  left join loket.theme_since a on a.municipality = s.municipality and a.theme = '' and a.area = s.area and s.area <> ''
 cross join generate_series(0, $5::int) w (week)
  left join loket.theme_hour h on h.municipality = s.municipality and h.theme = s.theme and h.area = s.area
       and h.hour between s.hour - w.week * 168 - 23 and s.hour - w.week * 168
 order by s.nth
