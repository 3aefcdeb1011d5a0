-- survey_plan: cases that were resolved since the last look are to be asked how it was: where surveys are on, who is known,
-- in private, about what was finished. In option 0 nothing is asked by itself (automatic_say). Looking twice plans once
-- $1 bigint notice after which to look, 0: what there is; $2 text[] municipalities, $3 bigint[] minutes to wait there
-- columns: last: the notice to go on from; null: as before. What commits late is still seen: the last ten seconds are looked at again
with page as (
	select id, at, case_id, kind, payload from loket.notice
	 where id > greatest($1::bigint, (select max(id) from loket.notice) - 50000) order by id limit 5000),
planned as (
	insert into loket.survey (id, municipality, case_id, party, product, channel, state, due_at)
	select gen_random_uuid(), c.municipality, c.id, c.party, c.product, c.channel, 'planned',
	       max(p.at) + make_interval(mins => max(w.minutes)::int)
	  from page p join loket.case_file c on c.id = p.case_id
	  join unnest($2::text[], $3::bigint[]) w (municipality, minutes) on w.municipality = c.municipality
	 where p.kind = 'case.changed' and p.payload ->> 'event' = 'resolve' and p.at > clock_timestamp() - interval '1 hour'
	   and c.state = 'closed' and c.outcome in ('solved', 'promised', 'referred') and not c.option0
	   and c.party is not null and c.post is null and c.merged_into is null
	 group by c.id
	on conflict (case_id) do nothing)
select max(id) as last from page where at < clock_timestamp() - interval '10 seconds'
