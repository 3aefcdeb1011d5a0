-- sort_raise: a signal, unless there is one of its theme; its examples are the newest questions of its window
-- $1 uuid (new), $2 text municipality, $3 text theme, $4 text area, $5 text department or null, $6 int hour, $7 int hours,
-- $8 int count, $9 text expected, $10 text chance, $11 text false alarms, $12 bigint[] usual
-- columns: the notice
with made as (
	insert into loket.signal (id, municipality, theme, area, department, raised_at, hour, hours, count, expected, chance,
	       false_alarms, usual, contacts)
	select $1, $2, $3, $4, $5, clock_timestamp(), $6::int, $7::int, $8::int, $9::float8, $10::float8, $11::float8, $12::bigint[]::int[],
	       array(select contact from loket.theme_case c
	              where c.municipality = $2 and c.theme = $3 and c.hour between $6::int - $7::int + 1 and $6::int
	                and ($4 = '' or c.area = $4) order by c.hour desc, c.contact desc limit 5)
	on conflict do nothing returning *)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select raised_at, municipality, 'signal.raised', null, null,
       jsonb_build_object('signal', jsonb_strip_nulls(jsonb_build_object('id', id, 'municipality', municipality,
           'theme', nullif(theme, ''), 'area', nullif(area, ''), 'department', department, 'hours', hours, 'count', count,
           'expected', round(expected::numeric, 1))))
  from made
returning id, at, municipality, kind, case_id, agent, payload
