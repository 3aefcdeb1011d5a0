-- baseline_list: what later figures can be compared with, newest first
-- $1 uuid last one of the page before, null first page; $2 text municipality, null: all in scope; $3 int how many
-- columns: a baseline of the contract
select id, name, first_day as "from", until_day as "to", at, by, jsonb_agg(municipality order by municipality) as municipalities
  from loket.baseline where ($1::uuid is null or id < $1) and ($2::text is null or municipality = $2)
 group by id, name, first_day, until_day, at, by order by id desc limit $3
