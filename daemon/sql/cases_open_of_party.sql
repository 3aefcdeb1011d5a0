-- cases_open_of_party: the other questions of the party of each case that are not solved yet, at most 20
-- $1 uuid[] cases
-- columns: n (which case, from 1), id, reference, product, channel, state, openedAt
select q.n, x.*
  from unnest($1::uuid[]) with ordinality q (id, n)
 cross join lateral (
select o.id, o.reference, o.product, o.channel, o.state, o.opened_at as "openedAt"
  from loket.case_file c join loket.case_file o on o.party = c.party
 where c.id = q.id and o.id <> q.id and o.state <> 'closed'
 order by o.last_contact_at desc limit 20
) x
