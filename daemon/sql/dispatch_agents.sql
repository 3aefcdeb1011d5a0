-- dispatch_agents: presence of agents, and what is in their hands: offers, cases, wrap-ups
-- $1 uuid[] agents
-- columns: agent, state (null: never seen), channels "a,b" (null: all), idle_since, busy "channel=n,…",
-- asked: an offer is out, wrapup_ms until the first wrap-up ends
select a.agent, p.state, array_to_string(p.channels, ',') as channels, p.idle_since,
       (select string_agg(b.channel || '=' || b.n, ',')
          from (select s.channel, count(*) as n
                  from (select o.channel from loket.offer o where o.agent = a.agent and o.state = 'made'
                        union all
                        select c.channel from loket.case_file c where c.owner = a.agent
                        union all
                        select u.channel from loket.wrapup u
                         where u.agent = a.agent and u.until > clock_timestamp()) s
                 group by s.channel) b) as busy,
       exists (select from loket.offer o where o.agent = a.agent and o.state = 'made') as asked,
       (select ceil(extract(epoch from min(u.until) - clock_timestamp()) * 1000)::bigint from loket.wrapup u
         where u.agent = a.agent and u.until > clock_timestamp()) as wrapup_ms
  from unnest($1::uuid[]) as a (agent)
  left join loket.presence p on p.agent = a.agent
