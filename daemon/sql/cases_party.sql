-- cases_party: the party of each case, as party_get shows it
-- $1 uuid[] cases
-- columns: n (which case, from 1), and those of party_get
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select p.id, p.municipality, p.name, p.language, p.created_at as "createdAt",
       (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.created_at, a.kind,
               a.value), '[]')
          from loket.address a where a.party = p.id) as addresses,
       p.merged_into as "mergedInto",
       (select jsonb_agg(jsonb_build_object('party', m.gone, 'at', m.at, 'reason', m.reason) order by m.at)
          from loket.party_merge m where m.kept = p.id and m.undone_at is null) as merges
  from loket.case_file c join loket.party p on p.id = c.party
 where c.id = q.id
) x
