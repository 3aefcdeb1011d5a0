-- me_offers: offers an agent may accept now
-- $1 uuid agent
-- columns: offer, "expiresAt", and those of the case
select o.id as offer, o.expires_at as "expiresAt",
       c.id, c.reference, c.municipality, c.product, c.channel, c.inbox, c.language, c.state, to_jsonb(c.flags) as flags, c.option0,
       c.party, c.owner, c.epoch, c.opened_at as "openedAt", c.arrived_at as "arrivedAt", c.due_at as "dueAt",
       c.last_contact_at as "lastContactAt"
  from loket.offer o join loket.case_file c on c.id = o.case_id
 where o.agent = $1 and o.state = 'made' and o.expires_at > clock_timestamp()
 order by o.expires_at, o.id
