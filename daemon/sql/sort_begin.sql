-- sort_begin: since when each theme and area is counted; what is set up no more is forgotten, so that it begins anew
-- $1 text[] municipalities, $2 text[] themes ('': of an area), $3 text[] areas ('': of a theme); $4 int hour
-- columns: last (contact that was counted)
with named as (
	select * from unnest($1::text[], $2::text[], $3::text[]) t (municipality, theme, area)),
gone as (
	delete from loket.theme_since s
	 where not exists (select from named n where (n.municipality, n.theme, n.area) = (s.municipality, s.theme, s.area))),
new as (
	insert into loket.theme_since (municipality, theme, area, hour) select municipality, theme, area, $4 from named
	on conflict (municipality, theme, area) do nothing)
select last from loket.theme_counted
