-- status_began: may who sends this again have the secret of its case? When it began the case, and is the same to the last
-- byte: so only who knows all that was said
-- $1 uuid contact, $2 bytea what was sent now
-- columns: began
select coalesce(r.body = $2, false) and not exists (
           select from loket.contact e where e.case_id = c.case_id and (e.received_at, e.id) < (c.received_at, c.id)) as began
  from loket.contact c join loket.raw r on r.id = c.raw
 where c.id = $1
