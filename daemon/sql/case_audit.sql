-- case_audit: record looks at cases, those that a token may see
-- for each: $1 uuid[] case, $2 uuid[] token, $3 uuid[] agent, $4 text[] where the request came from; $5 text action
-- columns: none
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
select c.municipality, q.token, q.agent, $5, 'case', c.id::text, q.origin
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) q (id, token, agent, origin)
  join loket.case_file c on c.id = q.id
