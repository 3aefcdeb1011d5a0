-- routing_report: both arms of a municipality, by product, and how many agents have the product there
-- $1 text municipality, $2 timestamptz from, $3 timestamptz to: the days in Amsterdam that begin between them
-- columns: product (option0: digital help), live, arm, cases … abandoned, agents
select coalesce(nullif(d.product, ''), 'option0') as product, d.live, d.arm, sum(d.cases) as cases, sum(d.anonymous) as anonymous, sum(d.judged) as judged,
       sum(d.fixed) as fixed, sum(d.answered) as answered, sum(d.transferred) as transferred, sum(d.wait_s) as wait_s,
       sum(d.wait_s2) as wait_s2, sum(d.abandoned) as abandoned,
       (select count(*) from loket.agent g
         where g.enabled and g.municipalities @> array[$1::text]
           and case when d.product = '' then g.role = 'coach' else g.products @> array[d.product] end) as agents
  from loket.arm_day d
 where d.municipality = $1 and d.day >= ($2::timestamptz at time zone 'Europe/Amsterdam')::date
   and d.day < ($3::timestamptz at time zone 'Europe/Amsterdam')::date
 group by d.product, d.live, d.arm
 order by d.product
