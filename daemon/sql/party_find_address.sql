-- party_find_address: parties with exactly this address; one per municipality at most (primary key of address)
-- $1 text municipality or null, $2 text address kind or null, $3 text value, $4 int how many
-- columns: id, municipality, name, language, createdAt, addresses
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses
  from loket.party p
 where p.id in (
	select a.party from loket.address a
	 where a.municipality = any (case when $1::text is null then loket.scope() else array[$1] end)
	   and a.kind = any (case when $2::text is null then '{phone,email,form}' || array(select k.id from loket.channel k)
	                     else array[$2] end)
	   and a.value = $3)
 order by p.id desc limit $4
