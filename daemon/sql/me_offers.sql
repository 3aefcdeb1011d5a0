-- me_offers: offers an agent may accept now
-- $1 uuid agent
-- columns: offer, "expiresAt", callback (what was promised; the number is for who takes it), "helpRequest" (where it went
-- wrong), and those of the case
select o.id as offer, o.expires_at as "expiresAt",
       c.id, c.reference, c.municipality, c.product, c.channel, c.inbox, c.language, c.state, to_jsonb(c.flags) as flags, c.option0,
       c.party, c.owner, c.epoch, c.opened_at as "openedAt", c.arrived_at as "arrivedAt", c.due_at as "dueAt",
       c.last_contact_at as "lastContactAt",
       (select jsonb_build_object('id', k.id, 'attempts', k.attempts, 'promisedAt',
                 to_char(k.promised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
          from loket.callback k where k.case_id = c.id and k.state = 'open') as callback,
       (select jsonb_strip_nulls(jsonb_build_object('product', h.product, 'page', h.page, 'step', h.step))
          from loket.help_request h where h.case_id = c.id and h.ended_at is null) as "helpRequest"
  from loket.offer o join loket.case_file c on c.id = o.case_id
 where o.agent = $1 and o.state = 'made' and o.expires_at > clock_timestamp()
 order by o.expires_at, o.id
