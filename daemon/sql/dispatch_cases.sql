-- dispatch_cases: those of some cases that wait
-- $1 uuid[] cases
-- columns: as dispatch_waiting
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
 where c.state = 'queued' and c.id = any ($1::uuid[])
