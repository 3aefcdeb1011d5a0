-- article_facts: what is known of a case to fill in a standard answer with
-- $1 uuid case, $2 uuid agent who answers, or null
-- columns: name, product, reference, municipality, agent, channel, year, month, day (in the Netherlands)
select coalesce(p.name, (select i.name from loket.contact i where i.case_id = c.id and i.direction = 'in' and i.name is not null
                          order by i.received_at desc limit 1)) as name,
       r.name as product, c.reference, m.name as municipality, a.name as agent, c.channel,
       extract(year from d.today)::int as year, extract(month from d.today)::int as month, extract(day from d.today)::int as day
  from loket.case_file c
  cross join (select (clock_timestamp() at time zone 'Europe/Amsterdam')::date as today) d
  left join loket.party p on p.id = c.party
  left join loket.product r on r.id = c.product
  left join loket.municipality m on m.id = c.municipality
  left join loket.agent a on a.id = $2
 where c.id = $1
