-- intake_call_event_insert: what an exchange tells about calls, each event once
-- $1 uuid[] call, $2 text[] event_id, $3 text[] municipality, $4 text[] kind, $5 timestamptz[] at,
-- $6 timestamptz[] received_at, $7 text[] key, $8 text[] extension of an agent, $9 text[] reason
insert into loket.call_event (call, event_id, municipality, kind, at, received_at, key, agent, reason)
select u.call, u.event_id, u.municipality, u.kind, u.at, u.received_at, u.key,
       (select a.id from loket.agent a where a.extension = u.extension and u.municipality = any (a.municipalities)
         order by a.id limit 1), u.reason
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[],
              $9::text[]) u (call, event_id, municipality, kind, at, received_at, key, extension, reason)
 where u.call is not null
 order by u.call, u.event_id
on conflict do nothing
