-- party_get: who it is and where they can be reached
-- $1 uuid party or null
-- columns: id, municipality, name, language, createdAt, addresses
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses
  from loket.party p
 where p.id = $1
