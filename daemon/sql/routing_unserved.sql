-- routing_unserved: when nobody who could finish such a case was logged in, since it was opened
-- $1 uuid case
-- columns: since, until
select u.since, u.until
  from loket.case_file c join loket.unserved u on (u.municipality, u.product, u.channel, u.language, u.option0)
                                                = (c.municipality, c.product, c.channel, c.language, c.option0)
 where c.id = $1 and (u.until is null or u.until > c.opened_at)
 order by u.since limit 20
