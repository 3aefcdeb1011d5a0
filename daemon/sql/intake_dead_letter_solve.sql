-- intake_dead_letter_solve: the raw bytes could be read after all; what was one dead letter is now so many contacts
-- $1 uuid raw, $2 bigint new contacts in it
with solved as (
	update loket.dead_letter set state = 'solved', attempts = attempts + 1
	where raw = $1::uuid and state = 'open' returning id
)
update loket.raw set n_contacts = n_contacts + $2::bigint - (select count(*) from solved) where id = $1::uuid
