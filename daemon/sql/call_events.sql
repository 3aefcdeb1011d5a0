-- call_events: what happened to a call, the first that came in first
-- $1 uuid call, $2 int how many at most
-- columns: event_id, kind, at, key, agent, reason, n (of all there are)
select event_id, kind, at, key, agent::text as agent, reason, count(*) over () as n
  from loket.call_event where call = $1 order by received_at, event_id limit $2
