-- intake_help_insert: somebody asks for help with doing it digitally; while that is open, asking again changes nothing.
-- Whose case a coach has already is being helped
-- $1 uuid[] id, $2 uuid[] case, $3 uuid[] party, $4 text[] product (null: that of the case), $5 text[] page, $6 text[] step,
-- $7 text[] language, $8 text[] asked by, $9 text[] preference, $10 timestamptz[] asked at, $11 text[] what is promised is
-- said 'aloud', or to nobody: 'quiet' (null: they are asked first, intake_automatic), $12 uuid[] of what is said (new)
with n as (
	select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::timestamptz[], $11::text[], $12::uuid[])
		as n (id, case_id, party, product, page, step, language, asked_by, preference, asked_at, how, said)),
asked as (
	insert into loket.help_request (id, municipality, case_id, party, channel, product, page, step, language, asked_by, preference,
		asked_at, helped_at, coach)
	select n.id, k.municipality, k.id, n.party, k.channel, coalesce(n.product, k.product), n.page, n.step,
		coalesce(n.language, k.language), n.asked_by, n.preference, n.asked_at, case when g.id is not null then n.asked_at end, g.id
	  from n
		join loket.case_file k on k.id = n.case_id and k.state <> 'closed'
		left join loket.agent g on g.id = k.owner and g.role = 'coach'
	on conflict (case_id) where ended_at is null do nothing
	returning id, municipality, case_id, asked_at)
insert into loket.automatic (id, municipality, case_id, kind, payload, at)
select n.said, a.municipality, a.case_id, 'promise', case when n.how = 'aloud' and
	coalesce(m.settings #> '{option0,answer}', 'true') <> 'false' then '{}'::jsonb else '{"quiet": true}' end, a.asked_at
  from asked a join n on n.id = a.id join loket.municipality m on m.id = a.municipality
 where n.how is not null
on conflict do nothing
