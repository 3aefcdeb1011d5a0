-- figure_old: cases that are past counting, and sums of long ago, a page at a time
-- $1 int rows, $2 int days that sums are kept
-- columns: none
with cases as (
	delete from loket.figure_case where case_id in (
		select case_id from loket.figure_case where day < (select clock_timestamp() - interval '101 days')::date
		 order by day limit $1::int)),
sums as (
	delete from loket.figure_day where (day, municipality, channel, product, team) in (
		select day, municipality, channel, product, team from loket.figure_day
		 where day < (select clock_timestamp() - make_interval(days => $2::int))::date order by day limit $1::int))
delete from loket.figure_wait where (day, municipality, channel, product, team, bucket) in (
	select day, municipality, channel, product, team, bucket from loket.figure_wait
	 where day < (select clock_timestamp() - make_interval(days => $2::int))::date order by day limit $1::int)
