-- intake_known_platforms: which of these messages of a channel came already, through whatever provider
-- $1 text[] municipality, $2 text[] channel, $3 text[] platform_id, $4 bigint[] n, a number for each
-- columns: as intake_known_messages
select u.n, c.id as contact, c.party as contact_party, c.visibility = 'public' as is_public,
	k.id as case_id, k.municipality, k.reference, k.product, k.inbox, k.channel, k.language, k.party, k.state,
	k.outcome, k.closed_at, k.last_contact_at, k.arrived_at, k.due_at, k.owner, k.epoch, k.option0, k.post
from (select unnest($1::text[]) as municipality, unnest($2::text[]) as channel, unnest($3::text[]) as platform_id,
		unnest($4::bigint[]) as n) u
join loket.contact_platform p on p.municipality = u.municipality and p.channel = u.channel and p.platform_id = u.platform_id
join loket.contact c on c.id = p.contact
left join loket.case_file k on k.id = c.case_id
