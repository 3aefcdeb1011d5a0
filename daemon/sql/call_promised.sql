-- call_promised: the caller has a promise that somebody calls back, when there is one open in the case by now
-- $1 uuid call, $2 timestamptz when, by the exchange's clock
-- columns: call
insert into loket.call_event (call, event_id, municipality, kind, at, received_at, reason)
select c.id, 'loket:promised', c.municipality, 'promised', $2, clock_timestamp(), b.reason
  from loket.contact c join loket.callback b on b.case_id = c.case_id and b.state = 'open'
 where c.id = $1
on conflict do nothing
returning call
