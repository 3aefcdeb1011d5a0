-- poll_claim: this instance asks for an inbox for the next seconds; where the last one stopped
-- $1 text inbox, $2 text instance, $3 int seconds
-- columns: cursor; no row when another instance asks, or the inbox is gone
insert into loket.poll as p (inbox, holder, until)
select id, $2, clock_timestamp() + make_interval(secs => $3::int) from loket.inbox where id = $1
on conflict (inbox) do update set holder = excluded.holder, until = excluded.until
 where p.holder = excluded.holder or p.until < clock_timestamp()
returning cursor
