-- help_case: what decides what is promised to who asked for help by a person
-- $1 uuid case
-- columns: municipality, channel, state, owner, epoch, due_at, promised_at, called_at (promised by an open call-back),
-- preference, phone (that of this conversation, else one of theirs), coach (one is ready)
select c.municipality, c.channel, c.state, c.owner, c.epoch, c.due_at, c.promised_at, k.promised_at as called_at, h.preference,
       coalesce((select a ->> 'value' from loket.contact i, jsonb_array_elements(i.addresses) a
                  where i.case_id = c.id and i.direction = 'in' and a ->> 'kind' = 'phone'
                  order by i.received_at desc, i.id desc limit 1),
                (select a.value from loket.address a
                  where a.party = c.party and a.municipality = c.municipality and a.kind = 'phone'
                  order by a.value limit 1)) as phone,
       exists (select from loket.agent g join loket.presence p on p.agent = g.id
                where g.enabled and g.role = 'coach' and p.state = 'ready' and c.municipality = any (g.municipalities)) as coach
  from loket.case_file c
  left join loket.help_request h on h.case_id = c.id and h.ended_at is null
  left join loket.callback k on k.case_id = c.id and k.state = 'open'
 where c.id = $1
