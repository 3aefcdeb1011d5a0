-- work_reply_seen: was this reply written before? (the same Idempotency-Key makes the same id)
-- $1 uuid contact
-- columns: delivery
select delivery from loket.contact where id = $1 and direction = 'out'
