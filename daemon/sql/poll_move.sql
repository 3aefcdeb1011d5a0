-- poll_move: everything up to this cursor is stored; not when another instance asks by now
-- $1 text inbox, $2 text instance, $3 text cursor or null (as it was), $4 int seconds that it stays with this instance
update loket.poll set cursor = coalesce($3, cursor), asked_at = clock_timestamp(),
	until = clock_timestamp() + make_interval(secs => $4::int)
where inbox = $1 and holder = $2
