-- contact_raw: the bytes a contact came in
-- $1 uuid contact
-- columns: id (of the raw), body (null when it was not kept any longer)
select r.id, r.body from loket.contact c join loket.raw r on r.id = c.raw where c.id = $1
