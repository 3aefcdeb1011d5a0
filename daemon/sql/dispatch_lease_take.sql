-- dispatch_lease_take: take the lease of the dispatcher, or keep it. Another holder after it: the epoch goes up
-- $1 text holder, $2 int milliseconds
-- columns: epoch; no row when somebody else holds it
insert into loket.lease as l (name, holder, epoch, until)
values ('dispatch', $1, 1, clock_timestamp() + $2::int * interval '1 millisecond')
on conflict (name) do update
   set holder = excluded.holder, epoch = l.epoch + (l.holder <> excluded.holder)::int, until = excluded.until
 where l.holder = excluded.holder or l.until < clock_timestamp()
returning epoch
