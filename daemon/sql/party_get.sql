-- party_get: who it is, where they can be reached, and which parties turned out to be the same
-- $1 uuid party
-- columns: id, municipality, name, language, createdAt, addresses, mergedInto, merges
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses,
       p.merged_into as "mergedInto",
       (select jsonb_agg(jsonb_build_object('party', m.gone, 'at', m.at, 'reason', m.reason) order by m.at)
          from loket.party_merge m where m.kept = p.id and m.undone_at is null) as merges
  from loket.party p
 where p.id = $1
