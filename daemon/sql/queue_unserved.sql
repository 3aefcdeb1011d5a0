-- queue_unserved: what waits while nobody who can finish it is logged in, the longest first
-- $1 text municipality or null
-- columns: municipality, product, channel, language, option0, since, "secondLine" (department, when the product has one)
select u.municipality, u.product, u.channel, u.language, u.option0, u.since, p.second_line ->> 'department' as "secondLine"
  from loket.unserved u left join loket.product p on p.id = u.product
 where u.until is null and ($1::text is null or u.municipality = $1)
 order by u.since, u.id limit 200
