-- sweep_raw: forget raw bodies after so many days, a page at a time; a dead letter that is open still needs its own
-- $1 uuid where the last page ended (null: from the start), $2 int days
-- columns: last: where this page ended; null when nothing further is old enough
with page as (
	select id from (select id, received_at from loket.raw where $1::uuid is null or id > $1 order by id limit 500) p
	 where received_at < clock_timestamp() - make_interval(days => $2::int)),
forgotten as (
	update loket.raw r set body = null
	  from page p
	 where r.id = p.id and r.body is not null
	   and not exists (select from loket.dead_letter d where d.raw = r.id and d.state = 'open'))
select (select id from page order by id desc limit 1) as last
