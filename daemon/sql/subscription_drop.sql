-- subscription_drop: tell them no more; what waits for them goes too
-- $1 uuid id
-- columns: id, municipality; no row: there is none
delete from loket.subscription where id = $1 returning id, municipality
