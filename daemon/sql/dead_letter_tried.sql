-- dead_letter_tried: it was tried again, and could still not be read
-- $1 uuid dead letter, $2 text reason
update loket.dead_letter set attempts = attempts + 1, reason = $2 where id = $1 and state = 'open'
