-- dispatch_unserved: what waits now while nobody who can finish it is logged in; what was so and is not any more ends
-- $1 text lease holder, $2 bigint lease epoch; of each: $3 text[] municipality, $4 text[] product, $5 text[] channel,
-- $6 text[] language, $7 bool[] option 0, $8 bigint[] how many wait
-- columns: the notices (queue.unserved)
with fence as materialized (
	select from loket.lease where name = 'dispatch' and holder = $1 and epoch = $2 and until > clock_timestamp()
	for share),
now_so as (
	select municipality, product, channel, language, option0, sum(waiting) as waiting
	  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bigint[])
	         as w (municipality, product, channel, language, option0, waiting), fence
	 group by municipality, product, channel, language, option0),
ended as (
	update loket.unserved u set until = clock_timestamp() from fence
	 where u.until is null
	   and not exists (select from now_so n where (n.municipality, n.product, n.channel, n.language, n.option0)
	                                            = (u.municipality, u.product, u.channel, u.language, u.option0))
	returning u.*),
begun as (
	insert into loket.unserved (municipality, product, channel, language, option0, since)
	select municipality, product, channel, language, option0, clock_timestamp() from now_so
	on conflict (municipality, product, channel, language, option0) where until is null do nothing
	returning *)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), u.municipality, 'queue.unserved', null::uuid, null::uuid,
       jsonb_strip_nulls(jsonb_build_object('unserved', jsonb_build_object('municipality', u.municipality, 'product', u.product,
         'channel', u.channel, 'language', u.language, 'option0', u.option0, 'waiting', n.waiting,
         'since', to_char(u.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'until', to_char(u.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))))
  from (select * from begun union all select * from ended) u
  left join now_so n on (n.municipality, n.product, n.channel, n.language, n.option0)
                      = (u.municipality, u.product, u.channel, u.language, u.option0)
returning id, at, municipality, kind, case_id, agent, payload
