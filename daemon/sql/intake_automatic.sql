-- intake_automatic: who asks for help by a person is told when it comes, and asked how they would like it; once in a
-- case, and not where the municipality has settings.option0.answer false
-- $1 uuid[] of what is said (new), $2 uuid[] cases, stored before in this unit, $3 timestamptz now
insert into loket.automatic (id, municipality, case_id, kind, payload, at)
select u.id, c.municipality, c.id, 'preference', '{}', $3::timestamptz
  from unnest($1::uuid[], $2::uuid[]) u (id, case_id) join loket.case_file c on c.id = u.case_id
  join loket.municipality m on m.id = c.municipality
 where c.option0 and c.post is null and c.outcome is distinct from 'spam'
   and coalesce(m.settings #> '{option0,answer}', 'true') <> 'false'
on conflict do nothing
