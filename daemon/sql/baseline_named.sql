-- baseline_named: the days of the baselines of a name, and whose they are
-- $1 text name, $2 text municipality, null: all in scope
-- columns: from, to, municipalities; more than one row: of different days
select first_day as "from", until_day as "to", jsonb_agg(municipality order by municipality) as municipalities
  from loket.baseline where name = $1 and ($2::text is null or municipality = $2)
 group by first_day, until_day order by 1, 2
