-- baseline_delete: a baseline is forgotten, in all municipalities in scope
-- $1 uuid
-- columns: id; no row: there is none
delete from loket.baseline where id = $1 returning id
