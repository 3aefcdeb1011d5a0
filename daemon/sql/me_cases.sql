-- me_cases: cases an agent owns
-- $1 uuid agent, $2 int at most
-- columns: of the case
select c.id, c.reference, c.municipality, c.product, c.channel, c.inbox, c.language, c.state, to_jsonb(c.flags) as flags, c.option0,
       c.party, c.owner, c.epoch, c.opened_at as "openedAt", c.arrived_at as "arrivedAt", c.due_at as "dueAt",
       c.last_contact_at as "lastContactAt"
  from loket.case_file c
 where c.owner = $1
 order by c.due_at, c.id
 limit $2::int
