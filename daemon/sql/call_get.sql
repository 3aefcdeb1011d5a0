-- call_get: a call as it was written last, with its case, the promise that is open there, and the words of the
-- municipality
-- $1 uuid call
-- columns: municipality, inbox, provider_id, language (null: not known), number (to call back; null: hidden), case_id,
-- case_state, option0, owner, epoch, keeps (not for this call alone), extension of the owner, state, queued and keys as
-- written (null: not yet), what was told (told_ahead, told_plain_ms), now, heard_us (since it was written first),
-- callback_reason, callback_from, callback_until (null: none is open), settings (json)
select c.municipality, c.inbox, c.provider_id,
       coalesce(c.language, nullif(k.language, 'nl'), p.language, k.language) as language,
       (select e ->> 'value' from jsonb_array_elements(c.addresses) e where e ->> 'kind' = 'phone' limit 1) as number,
       k.id as case_id, k.state as case_state, k.option0, k.owner, k.epoch, a.extension,
       k.owner is not null and (b.id is not null or exists (
         select from loket.contact e left join loket.call o on o.id = e.id
          where e.case_id = k.id and e.direction = 'in' and e.id <> $1
            and (e.kind <> 'call' or o.id is null or o.outcome = 'answered' and e.received_at >= k.arrived_at))) as keeps,
       w.state, w.queued_at is not null as queued, w.menu as keys, w.told_ahead, w.told_plain_ms,
       clock_timestamp() as now,
       coalesce(extract(epoch from clock_timestamp() - w.heard_at) * 1000000, 0)::bigint as heard_us,
       b.reason as callback_reason, b.not_before as callback_from, b.promised_at as callback_until,
       jsonb_build_object('texts', loket.settings_of(m.region, m.settings) -> 'texts') as settings
  from loket.contact c
  join loket.case_file k on k.id = c.case_id
  join loket.municipality m on m.id = c.municipality
  left join loket.party p on p.id = k.party
  left join loket.call w on w.id = c.id
  left join loket.agent a on a.id = k.owner
  left join loket.callback b on b.case_id = k.id and b.state = 'open'
 where c.id = $1
