-- dead_letter_audit: record that somebody had it read again
-- $1 uuid dead letter, $2 uuid token, $3 uuid agent, $4 text where the request came from
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
select municipality, $2, $3, 'deadLetter.retry', 'deadLetter', id::text, $4 from loket.dead_letter where id = $1
