-- learn_compare: counts a page of cases, in the order in which they began, for the comparison of both arms. Each is counted once,
-- 21 days after it began: ten days for the work, and the five working days in which the citizen may come back, also around
-- Christmas. What is not judged by then counts as that, in both arms. A case without an arm, spam, in public, or merged is passed over
-- $1 text lease holder, $2 bigint lease epoch, $3 int at most
-- columns: counted
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
at as materialized (select last from loket.arm_counted where exists (select from fence) for update),
page as materialized (
	select k.* from loket.case_file k
	 where k.id > (select last from at)
	   and k.id < (lpad(to_hex((extract(epoch from now() - interval '21 days') * 1000)::bigint), 12, '0')
	               || repeat('0', 20))::uuid
	 order by k.id limit $3::int),
moved as (
	update loket.arm_counted set last = (select id from page order by id desc limit 1) where exists (select from page)),
facts as (
	select k.municipality, (k.opened_at at time zone 'Europe/Amsterdam')::date as day,
	       case when k.option0 then '' else k.product end as product, c.live, k.arm, k.party is null as anonymous, o.y,
	       k.transfers > 0 as transferred, t.wait_s, t.wait_s is null and 'abandoned' = any (k.flags) as abandoned
	  from page k
	  join loket.channel c on c.id = k.channel
	  left join loket.outcome o on o.case_id = k.id
	  left join lateral (
		select greatest(extract(epoch from min(f.ended_at) - k.opened_at), 0)::float8 as wait_s
		  from loket.offer f where f.case_id = k.id and f.state = 'accepted' having count(*) > 0) t on true
	 where k.arm is not null and k.merged_into is null and k.post is null and not 'spam' = any (k.flags)),
counted as (
	insert into loket.arm_day as d (municipality, day, product, live, arm, cases, anonymous, judged, fixed, answered,
		transferred, wait_s, wait_s2, abandoned)
	select municipality, day, product, live, arm, count(*), count(*) filter (where anonymous), count(y),
	       count(*) filter (where y), count(wait_s), count(*) filter (where transferred and wait_s is not null),
	       coalesce(sum(wait_s), 0), coalesce(sum(wait_s * wait_s), 0), count(*) filter (where abandoned)
	  from facts group by municipality, day, product, live, arm
	on conflict (municipality, day, product, live, arm) do update set
		cases = d.cases + excluded.cases, anonymous = d.anonymous + excluded.anonymous,
		judged = d.judged + excluded.judged, fixed = d.fixed + excluded.fixed,
		answered = d.answered + excluded.answered, transferred = d.transferred + excluded.transferred,
		wait_s = d.wait_s + excluded.wait_s, wait_s2 = d.wait_s2 + excluded.wait_s2,
		abandoned = d.abandoned + excluded.abandoned)
select count(*) as counted from page
