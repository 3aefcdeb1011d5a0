-- dead_letter_show: one of them
-- $1 uuid dead letter
-- columns: as in the contract
select id, municipality, inbox, raw, at, reason, state, attempts from loket.dead_letter where id = $1
