-- party_find_reference: the party of the case with this reference
-- $1 text municipality or null, $2 text reference, as people type it
-- columns: id, municipality, name, language, createdAt, addresses
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses
  from loket.case_file c join loket.party p on p.id = c.party
 where c.reference = upper($2::text) and ($1::text is null or p.municipality = $1)
