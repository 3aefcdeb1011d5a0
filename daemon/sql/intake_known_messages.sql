-- intake_known_messages: which of these provider messages are stored
-- $1 text[] inbox (one is enough when all are the same), $2 text[] provider_id
-- columns: n (from 1, place in the array), contact, contact_party, is_public, case_id
select u.n, c.id as contact, c.party as contact_party, c.visibility = 'public' as is_public, c.case_id
from (select unnest($1::text[]) as inbox, unnest($2::text[]) as provider_id, generate_subscripts($2::text[], 1) as n) u
cross join lateral (
	select m.id, m.party, m.visibility, m.case_id from loket.contact m
	where m.provider_id = u.provider_id and m.inbox = coalesce(u.inbox, ($1::text[])[1]) offset 0
) c
