-- attachment_get: one attachment of a contact
-- $1 uuid contact, $2 uuid attachment
-- columns: id, name, state, why, found_type, sha256
select a.id, a.name, a.state, a.why, a.found_type, a.sha256
  from loket.attachment a join loket.contact c on c.id = a.contact
 where a.contact = $1 and a.id = $2
