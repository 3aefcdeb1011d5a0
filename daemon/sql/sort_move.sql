-- sort_move: a post that a person corrected is counted as what they said; the first one in line
-- columns: post; no row: there is none
with look as (
	delete from loket.theme_look where id = (select min(id) from loket.theme_look) returning post),
said as (
	select p.case_id, p.municipality, coalesce(p.theme, '') as theme, coalesce(p.area, '') as area, p.id as contact,
	       floor(extract(epoch from c.received_at at time zone 'Europe/Amsterdam') / 3600)::int as hour
	  from look l join loket.post p on p.id = l.post join loket.contact c on c.id = p.id
	 where not c.flags && '{spam,flood,blocked,automatic}'
	   and c.received_at > clock_timestamp() - interval '29 days'), -- of what is older it is not known how it was counted
was as (
	select t.* from said s join loket.theme_case t on t.case_id = s.case_id and t.contact = s.contact order by t.theme limit 1),
-- a question counts once for a theme: another post of its case may have been the first
new as (
	select s.* from said s
	 where s.theme || s.area <> '' and not exists (
		select from loket.theme_case t where t.case_id = s.case_id and t.theme = s.theme and t.contact <> s.contact)),
changed as (
	update loket.theme_case t set theme = n.theme, area = n.area
	  from was w, new n where t.case_id = w.case_id and t.theme = w.theme),
gone as (
	delete from loket.theme_case t using was w
	 where t.case_id = w.case_id and t.theme = w.theme and not exists (select from new)),
made as (
	insert into loket.theme_case (case_id, theme, municipality, area, contact, hour)
	select case_id, theme, municipality, area, contact, hour from new where not exists (select from was)),
moved as (
	select municipality, theme, area, hour, -1 as n from was
	 union all select municipality, theme, area, coalesce((select hour from was), hour), 1 from new),
sums as (
	select municipality, theme, area, hour, sum(n) as n
	  from (select municipality, theme, area, hour, n from moved
	        union all select municipality, theme, '', hour, n from moved where theme <> '' and area <> '') x
	 group by municipality, theme, area, hour having sum(n) <> 0),
counted as (
	insert into loket.theme_hour as h (municipality, theme, area, hour, n)
	select municipality, theme, area, hour, n from sums order by 1, 2, 3, 4
	on conflict (municipality, theme, area, hour) do update set n = h.n + excluded.n)
select post from look
