-- callback_address: where the citizen of a case can be called
-- $1 uuid case
-- columns: kind, value; no row when we know no number
select a.kind, a.value
  from loket.case_file c join loket.address a on a.party = c.party and a.municipality = c.municipality
 where c.id = $1 and a.kind = 'phone' order by a.value limit 1
