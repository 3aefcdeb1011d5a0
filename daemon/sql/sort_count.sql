-- sort_count: a question counts once for each theme, in its hour; looking twice counts once
-- $1 uuid[] cases, $2 text[] themes, $3 text[] municipalities, $4 text[] areas, $5 uuid[] contacts, $6 bigint[] hours;
-- $7 uuid contact that was looked at last
-- columns: municipality, theme, area, hour of what became more
with moved as (
	update loket.theme_counted set last = $7 where last < $7),
heard as (
	insert into loket.theme_case (case_id, theme, municipality, area, contact, hour)
	select distinct on (t.case_id, t.theme) t.* from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[])
	       t (case_id, theme, municipality, area, contact, hour)
	 where not exists (select from loket.post p where p.id = t.contact and p.labelled_by is not null) -- sort_move counts it
	 order by t.case_id, t.theme, t.contact
	on conflict (case_id, theme) do nothing returning municipality, theme, area, hour),
more as (
	select municipality, theme, area, hour, count(*) as n
	  from (select municipality, theme, area, hour from heard
	        union all select municipality, theme, '', hour from heard where theme <> '' and area <> '') x
	 group by municipality, theme, area, hour)
insert into loket.theme_hour as h (municipality, theme, area, hour, n)
select municipality, theme, area, hour, n from more order by municipality, theme, area, hour
on conflict (municipality, theme, area, hour) do update set n = h.n + excluded.n
returning h.municipality, h.theme, h.area, h.hour
