-- post_read: what every write to a post looks at first
-- $1 uuid post
-- columns: case_id, post_inbox, post_state, claimed_by, ran_out (its claim), deleted, protocol; of its case as work_case
select p.case_id, p.inbox as post_inbox, p.state as post_state, p.claimed_by,
       coalesce(p.claimed_until <= clock_timestamp(), false) as ran_out,
       coalesce('deleted' = any (o.flags), false) as deleted, p.protocol,
       c.reference, c.municipality, c.product, c.party, c.inbox, c.channel, c.language, c.state, c.owner, c.epoch,
       c.option0, to_jsonb(c.flags) as flags, c.transfers, c.opened_at, c.arrived_at, c.due_at, c.merged_into,
       c.wanted_agent, c.wanted_team, c.arm,
       (select count(*) from loket.task t where t.case_id = c.id and t.state = 'open') as open_tasks
  from loket.post p join loket.contact o on o.id = p.id join loket.case_file c on c.id = p.case_id
 where p.id = $1
