-- party_find_name: parties of one municipality whose name holds these letters (a scan: no index on names yet)
-- $1 text municipality, $2 text part of the name, with LIKE's signs escaped by a backslash
-- $3 uuid last party of the page before or null, $4 int how many
-- columns: id, municipality, name, language, createdAt, addresses
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses
  from loket.party p
 where p.municipality = $1 and p.merged_into is null and lower(p.name) like '%' || lower($2) || '%' and ($3::uuid is null or p.id < $3)
 order by p.id desc limit $4
