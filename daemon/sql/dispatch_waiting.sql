-- dispatch_waiting: a page of what waits, in the order of urgency
-- $1 timestamptz and $2 uuid: due and id of the last one seen (null: from the start), $3 int how many
-- The place to go on from must be a condition of the index, also in a generic plan: no "or"
-- columns: id, municipality, product, channel, language, option0, arrived_at, due_at, wanted_agent, wanted_team, arm,
-- previous (who had it last), declined "agent,agent,…" in the last five minutes of this wait, the latest first
select c.id, c.municipality, c.product, c.channel, c.language, c.option0, c.arrived_at, c.due_at, c.wanted_agent,
       c.wanted_team, c.arm,
       case when c.epoch > 0 then (
         select o.agent from loket.offer o where o.case_id = c.id and o.state = 'accepted' order by o.made_at desc limit 1) end
         as previous,
       case when c.epoch > 0 then (
         select string_agg(o.agent::text, ',')
           from (select agent from loket.offer
                  where case_id = c.id and state in ('declined', 'expired')
                    and ended_at > clock_timestamp() - interval '5 minutes' and ended_at >= c.arrived_at
                  order by made_at desc limit 8) o) end as declined
  from loket.case_file c
 where c.state = 'queued'
   and (c.due_at, c.id) > (coalesce($1::timestamptz, '-infinity'), coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
 order by c.due_at, c.id
 limit $3::int
