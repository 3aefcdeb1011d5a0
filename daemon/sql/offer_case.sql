-- offer_case: the case of an accepted offer, for the agent who took it
-- $1 uuid offer, $2 uuid agent
-- columns: of the case, waited_us until it was taken
select c.id, c.reference, c.municipality, c.product, c.channel, c.inbox, c.language, c.state, to_jsonb(c.flags) as flags, c.option0,
       c.party, c.owner, c.epoch, c.opened_at as "openedAt", c.arrived_at as "arrivedAt", c.due_at as "dueAt",
       c.last_contact_at as "lastContactAt",
       (extract(epoch from o.ended_at - c.arrived_at) * 1000000)::bigint as waited_us
  from loket.offer o join loket.case_file c on c.id = o.case_id
 where o.id = $1 and o.agent = $2 and o.state = 'accepted' and c.owner = $2 and c.epoch = o.epoch
