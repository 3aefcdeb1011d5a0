-- dead_letter_get: one of them, with its bytes
-- $1 uuid dead letter
-- columns: as in the contract, and received_at, content_type, body
select d.id, d.municipality, d.inbox, d.raw, d.at, d.reason, d.state, d.attempts, r.received_at, r.content_type, r.body
from loket.dead_letter d join loket.raw r on r.id = d.raw where d.id = $1
