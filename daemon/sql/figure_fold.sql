-- figure_fold: looks at cases to which something happened, and adds what differs from the last look to the sums. Notices come
-- in any order of their ids, so they are read up to one below which none can come any more: all who were writing when it was
-- seen have ended (and a second has passed, for who had an id but had not begun to write). A horizon of another cluster, after
-- a restore, says nothing
-- $1 int notices at most, $2 int other cases at most; norms: $3 text[] municipality, $4 text[] channel, $5 bigint[] seconds,
-- $6 bigint[] seconds when help was asked, $7 text[] kind (lib/core/norm); products that are reports: $8 text[] municipality,
-- $9 text[] product
-- columns: more: there is more to do now
with at as materialized (
	select last, seen, since, since < clock_timestamp() - interval '1 second'
	       and (horizon <= pg_snapshot_xmin(pg_current_snapshot()) or horizon > pg_snapshot_xmax(pg_current_snapshot()))
	       as settled, coalesce((select max(id) from loket.notice), 0) as newest
	  from loket.figure_cursor),
heard as materialized (
	select n.* from at cross join lateral (
		select id, at, case_id, payload ->> 'event' as event, payload -> 'case' ->> 'state' as state,
		       payload -> 'case' ->> 'outcome' as outcome
		  from loket.notice where at.settled and id > at.last and id <= at.seen order by id limit $1::int) n),
marked as (
	delete from loket.figure_look where id in (select id from loket.figure_look order by id limit $2::int) returning case_id),
due as materialized (
	select case_id from loket.figure_case where look_at <= (select clock_timestamp()) order by look_at limit $2::int),
page as materialized (
	select case_id, min(at) filter (where state = 'closed' and outcome <> 'spam' and event <> 'hangUp') as finished_at,
	       coalesce(bool_or(event = 'transfer'), false) as transferred
	  from (select case_id, at, event, state, outcome from heard where case_id is not null
	         union all select case_id, null, null, null, null from marked
	         union all select case_id, null, null, null, null from due) x
	 group by case_id),
seen as materialized (
	select k.id as case_id, k.municipality, (k.opened_at at time zone 'Europe/Amsterdam')::date as day, k.channel, k.product,
	       coalesce(nullif(f.team, ''), case when coalesce(o.agent, said.typed_by) is not null then (
		select t.id from loket.agent a join loket.team t on t.id = any (a.teams)
		 where a.id = coalesce(o.agent, said.typed_by) order by t.id limit 1) end, '') as team,
	       k.merged_into is null and not 'spam' = any (k.flags) and k.outcome is distinct from 'spam' as counted,
	       case when k.channel in ('phone', 'counter') then 'personal'
	            when 'assisted' = any (k.flags) or h.helped then 'assisted' else 'digital' end as handled,
	       k.option0, x.taken_at,
	       case when f.wait_s is not null then f.wait_s when not w.out and o.agent is not null
	            then floor(greatest(extract(epoch from o.ended_at - k.opened_at), 0))::int end as wait_s,
	       case when f.wait_s is not null then f.in_time when w.out then null
	            when o.agent is not null then o.ended_at - k.opened_at <= w.norm
	            when 'abandoned' = any (k.flags) and k.state = 'closed' then false
	            when k.state in ('queued', 'offered') and clock_timestamp() > k.opened_at + w.norm then false end as in_time,
	       coalesce(l.calls, 0)::int as calls, coalesce(l.missed, 0)::int as missed,
	       coalesce(f.transferred, false) or p.transferred as transferred, least(f.finished_at, p.finished_at) as finished_at,
	       coalesce(f.reopened, false) or k.reopened > 0 as reopened,
	       floor(extract(epoch from least(f.finished_at, p.finished_at, said.at, case when c.live then x.taken_at end)
	             - k.opened_at))::int as answered_s,
	       clock_timestamp() >= k.opened_at + interval '1 day' as day_over,
	       clock_timestamp() >= k.opened_at + interval '7 days' as week_over,
	       y.y as fixed, s.case_id is not null as asked, s.grade,
	       coalesce(b.promises, 0)::int as promises, coalesce(b.kept, 0)::int as kept, k.opened_at, k.state, w.out, w.norm,
	       b.next_at, f as before
	  from page p
	  join loket.case_file k on k.id = p.case_id
	  join loket.channel c on c.id = k.channel
	  left join loket.figure_case f on f.case_id = k.id
	  left join lateral (
		select o.agent, o.ended_at from loket.offer o
		 where o.case_id = k.id and o.state = 'accepted' order by o.made_at limit 1) o on true
	  left join lateral (
		select min(t.received_at) filter (where t.direction = 'out' and t.agent is not null) as at,
		       min(t.received_at) filter (where t.direction = 'in' and t.agent is not null) as typed_at,
		       (array_agg(t.agent order by t.received_at) filter (where t.direction = 'in' and t.agent is not null))[1] as typed_by
		  from loket.contact t
		 where t.case_id = k.id and not 'automatic' = any (t.flags)) said on true
	 cross join lateral (select coalesce(f.taken_at, o.ended_at, said.typed_at) as taken_at) x
	  left join lateral (
		select bool_or(h.helped_at is not null) as helped, min(h.asked_at) as asked_at
		  from loket.help_request h where h.case_id = k.id) h on true
	  left join lateral (
		select count(*) as calls, count(*) filter (where l.outcome = 'abandoned') as missed
		  from loket.call l where l.case_id = k.id and l.state = 'ended') l on true
	  left join loket.outcome y on y.case_id = k.id
	  left join loket.survey s on s.case_id = k.id and s.state in ('offered', 'answered')
	  left join lateral (
		select count(*) filter (where x.met_at is not null or x.by <= clock_timestamp()) as promises,
		       count(*) filter (where x.met_at <= x.by) as kept,
		       min(x.by) filter (where x.met_at is null and x.by > clock_timestamp()) as next_at
		  from (select least(t.due, t.term_until) as by, t.done_at as met_at from loket.task t where t.case_id = k.id and t.state <> 'cancelled'
		        union all
		        select a.promised_at, a.ended_at from loket.callback a where a.case_id = k.id and a.state <> 'cancelled') x) b on true
	  left join unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]) as n (municipality, channel, norm, helped, kind)
	    on n.municipality = k.municipality and n.channel = k.channel
	   and n.kind = case when 'formal' = any (k.flags) then 'formal'
	                     when (k.municipality, k.product) in (select * from unnest($8::text[], $9::text[])) then 'report'
	                     else 'question' end
	 cross join lateral (
		select k.post is not null or said.typed_by is not null or exists (
		         select from loket.callback a where a.case_id = k.id and (o.agent is null or a.created_at <= o.ended_at)) as out,
		       make_interval(secs => case when h.asked_at <= coalesce(o.ended_at, clock_timestamp()) then n.helped
		                                  else n.norm end) as norm) w
	 where k.opened_at > clock_timestamp() - interval '100 days'),
-- the last look comes along with the case: joined again, it would be read as a whole while its table is small
looked as materialized (
	select row(case_id, municipality, day, channel, product, team, counted, handled, option0, taken_at, wait_s, in_time, calls,
	           missed, transferred, finished_at, reopened, answered_s, day_over, week_over, fixed, asked, grade, promises, kept,
	           least(next_at, case when not day_over then opened_at + interval '1 day' end,
	                 case when not week_over then opened_at + interval '7 days' end,
	                 case when not out and taken_at is null and state in ('queued', 'offered')
	                       and opened_at + norm > clock_timestamp() then opened_at + norm end))::loket.figure_case as now,
	       before
	  from seen),
changed as materialized (select now, before from looked where now is distinct from before),
both_ as materialized (
	select x.*, loket.figure_bucket(x.wait_s) as bucket
	  from (select 1 as sign, (now).* from changed where (now).counted
	         union all select -1, (before).* from changed where (before).counted) x),
kept as (
	insert into loket.figure_case select (now).* from changed
	on conflict (case_id) do update set
		(municipality, day, channel, product, team, counted, handled, option0, taken_at, wait_s, in_time, calls, missed,
		 transferred, finished_at, reopened, answered_s, day_over, week_over, fixed, asked, grade, promises, kept, look_at) =
		(excluded.municipality, excluded.day, excluded.channel, excluded.product, excluded.team, excluded.counted,
		 excluded.handled, excluded.option0, excluded.taken_at, excluded.wait_s, excluded.in_time, excluded.calls,
		 excluded.missed, excluded.transferred, excluded.finished_at, excluded.reopened, excluded.answered_s,
		 excluded.day_over, excluded.week_over, excluded.fixed, excluded.asked, excluded.grade, excluded.promises,
		 excluded.kept, excluded.look_at)),
summed as (
	insert into loket.figure_day as d
	select day, municipality, channel, product, team, sum(sign), coalesce(sum(sign) filter (where handled = 'digital'), 0),
	       coalesce(sum(sign) filter (where handled = 'assisted'), 0), coalesce(sum(sign) filter (where handled = 'personal'), 0),
	       coalesce(sum(sign) filter (where option0), 0), coalesce(sum(sign) filter (where taken_at is not null), 0),
	       coalesce(sum(sign) filter (where taken_at is not null and transferred), 0), coalesce(sum(sign) filter (where in_time is not null), 0),
	       coalesce(sum(sign) filter (where in_time), 0), coalesce(sum(sign) filter (where wait_s is not null), 0),
	       coalesce(sum(sign * bucket), 0), coalesce(sum(sign * bucket * bucket), 0), sum(sign * calls), sum(sign * missed),
	       coalesce(sum(sign) filter (where fixed is not null), 0), coalesce(sum(sign) filter (where fixed), 0),
	       coalesce(sum(sign) filter (where finished_at is not null), 0),
	       coalesce(sum(sign) filter (where finished_at is not null and reopened), 0),
	       coalesce(sum(sign) filter (where day_over), 0), coalesce(sum(sign) filter (where day_over and answered_s <= 86400), 0),
	       coalesce(sum(sign) filter (where week_over), 0),
	       coalesce(sum(sign) filter (where week_over and answered_s <= 604800), 0), coalesce(sum(sign) filter (where asked), 0),
	       coalesce(sum(sign) filter (where grade is not null), 0), coalesce(sum(sign * grade), 0),
	       coalesce(sum(sign * grade * grade), 0), sum(sign * promises), sum(sign * kept)
	  from both_ group by day, municipality, channel, product, team
	on conflict (day, municipality, channel, product, team) do update set
		(cases, digital, assisted, personal, option0, taken, transferred, waited, in_time, timed, bucket, bucket2, calls,
		 missed, judged, fixed, finished, reopened, day_over, in_day, week_over, in_week, asked, graded, grade, grade2, promises, kept) =
		(d.cases + excluded.cases, d.digital + excluded.digital, d.assisted + excluded.assisted,
		 d.personal + excluded.personal, d.option0 + excluded.option0, d.taken + excluded.taken,
		 d.transferred + excluded.transferred, d.waited + excluded.waited, d.in_time + excluded.in_time,
		 d.timed + excluded.timed, d.bucket + excluded.bucket, d.bucket2 + excluded.bucket2,
		 d.calls + excluded.calls, d.missed + excluded.missed, d.judged + excluded.judged, d.fixed + excluded.fixed,
		 d.finished + excluded.finished, d.reopened + excluded.reopened, d.day_over + excluded.day_over,
		 d.in_day + excluded.in_day, d.week_over + excluded.week_over, d.in_week + excluded.in_week,
		 d.asked + excluded.asked, d.graded + excluded.graded, d.grade + excluded.grade, d.grade2 + excluded.grade2,
		 d.promises + excluded.promises, d.kept + excluded.kept)),
timed as (
	insert into loket.figure_wait as d
	select day, municipality, channel, product, team, bucket, sum(sign)
	  from both_ where wait_s is not null group by 1, 2, 3, 4, 5, 6 having sum(sign) <> 0
	on conflict (day, municipality, channel, product, team, bucket) do update set n = d.n + excluded.n),
full_ as (
	select (select count(*) from heard) = $1::int as notices,
	       greatest((select count(*) from marked), (select count(*) from due)) = $2::int as others),
moved as (
	update loket.figure_cursor c
	   set last = case when notices then (select max(id) from heard) else at.seen end,
	       seen = case when notices then at.seen else greatest(at.seen, at.newest) end,
	       horizon = case when notices then horizon else pg_snapshot_xmax(pg_current_snapshot()) end,
	       since = case when notices then at.since else clock_timestamp() end,
	       as_of = case when notices or others then as_of else at.since end
	  from at, full_ where at.settled)
select notices or others as more from full_
