-- baseline_make: the figures of some days are kept under a name, of one municipality or of all in scope
-- $1 uuid (new), $2 text municipality or null, $3 text name, $4 date first day, $5 date day after the last, $6 uuid agent or null,
-- $7 int most of one municipality
-- columns: a baseline of the contract, and over: are the days over? No id: they are not, or there are too many
with days as (
	select $5::date <= (clock_timestamp() at time zone 'Europe/Amsterdam')::date as over),
made as (
	insert into loket.baseline (id, municipality, name, first_day, until_day, at, by)
	select $1, m.id, $3, $4::date, $5::date, now(), $6
	  from loket.municipality m join days on days.over
	 where m.id = any (loket.scope()) and ($2::text is null or m.id = $2)
	   and not exists (select from loket.baseline b where $2::text is null or b.municipality = $2
	                    group by b.municipality having count(*) >= $7::int)
	returning *),
sums as (
	insert into loket.baseline_day (baseline, day, municipality, channel, product, team,
	       cases, digital, assisted, personal, option0, taken, transferred, waited, in_time, timed, bucket, bucket2,
	       calls, missed, judged, fixed, finished, reopened, day_over, in_day, week_over, in_week, asked, graded, grade,
	       grade2, promises, kept)
	select $1, $4::date, municipality, channel, product, team,
	       sum(cases), sum(digital), sum(assisted), sum(personal), sum(option0), sum(taken), sum(transferred),
	       sum(waited), sum(in_time), sum(timed), sum(bucket), sum(bucket2), sum(calls), sum(missed), sum(judged),
	       sum(fixed), sum(finished), sum(reopened), sum(day_over), sum(in_day), sum(week_over), sum(in_week),
	       sum(asked), sum(graded), sum(grade), sum(grade2), sum(promises), sum(kept)
	  from loket.figure_day join made m using (municipality) where day >= $4::date and day < $5::date
	 group by municipality, channel, product, team),
waits as (
	insert into loket.baseline_wait (baseline, day, municipality, channel, product, team, bucket, n)
	select $1, $4::date, municipality, channel, product, team, bucket, sum(n)
	  from loket.figure_wait join made m using (municipality) where day >= $4::date and day < $5::date
	 group by municipality, channel, product, team, bucket)
select days.over, m.*
  from days
  left join (select id, name, first_day as "from", until_day as "to", at, by,
                    jsonb_agg(municipality order by municipality) as municipalities
               from made group by id, name, first_day, until_day, at, by) m on true
