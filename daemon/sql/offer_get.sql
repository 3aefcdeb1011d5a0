-- offer_get: what became of an offer
-- $1 uuid offer, $2 uuid agent
-- columns: state, case_id, municipality
select state, case_id, municipality from loket.offer where id = $1 and agent = $2
