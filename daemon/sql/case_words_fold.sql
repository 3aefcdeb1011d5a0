-- case_words_fold: what was said in cases to which something happened, as words that are looked for; and in some of those from
-- before words were kept, the newest first. Notices are read as far as the figures have: none can come any more below that
-- $1 int notices at most, $2 int old cases at most
-- columns: more: there is more to do now
with at as materialized (
	select w.last, w.back, f.last as upto from loket.case_words_cursor w, loket.figure_cursor f for update of w),
heard as materialized (
	select n.id, n.case_id from at cross join lateral (
		select id, case_id from loket.notice where id > at.last and id <= at.upto order by id limit $1::int) n),
old as materialized (
	select k.id from at cross join lateral (
		select id from loket.case_file where id < at.back order by id desc limit $2::int) k),
said as (
	select k.id, k.municipality, to_char(k.opened_at at time zone 'UTC', '"="YYYYMMDD') as day, t.text
	  from (select case_id as id from heard where case_id is not null union select id from old) p
	  join loket.case_file k on k.id = p.id
	 cross join lateral (
		select left(string_agg(x.text, ' '), 100000) as text from (
			(select concat_ws(' ', c.fields ->> 'subject', left(c.text, 20000)) as text
			   from loket.contact c where c.case_id = k.id order by c.received_at desc limit 200)
			union all
			(select left(n.text, 20000) from loket.note n where n.case_id = k.id order by n.at desc limit 200)) x) t),
put as (
	insert into loket.case_words as w
	select id, municipality, loket.case_words_of(coalesce(text, '')) || array_to_tsvector(array[day]) from said
	on conflict (case_id) do update set words = excluded.words where w.words <> excluded.words),
full_ as (
	select (select count(*) from heard) = $1::int as notices, (select count(*) from old) = $2::int as cases),
moved as (
	update loket.case_words_cursor c
	   set last = case when notices then (select max(id) from heard) else greatest(at.last, at.upto) end,
	       back = case when cases then (select min(id::text)::uuid from old) else '00000000-0000-0000-0000-000000000000' end
	  from at, full_)
select notices or cases as more from full_
