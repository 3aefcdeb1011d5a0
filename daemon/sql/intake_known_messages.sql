-- intake_known_messages: which of these provider messages are stored, and in which case
-- $1 text[] inbox, $2 text[] provider_id, $3 bigint[] n, a number for each
-- columns: n, contact, contact_party, is_public, and the case as in intake_known_addresses
select u.n, c.id as contact, c.party as contact_party, c.visibility = 'public' as is_public,
	k.id as case_id, k.municipality, k.reference, k.product, k.inbox, k.channel, k.language, k.party, k.state,
	k.outcome, k.closed_at, k.last_contact_at, k.arrived_at, k.due_at, k.owner, k.epoch, k.option0, k.post
from (select unnest($1::text[]) as inbox, unnest($2::text[]) as provider_id, unnest($3::bigint[]) as n) u
cross join lateral (
	select * from loket.contact m where m.inbox = u.inbox and m.provider_id = u.provider_id offset 0
) c
left join lateral (select * from loket.case_file f where f.id = c.case_id offset 0) k on true
