-- intake_known_platforms: which of these messages of a channel came already, through whatever provider
-- $1 text[] municipality, $2 text[] channel, $3 text[] platform_id
-- columns: as intake_known_messages
select u.n, c.id as contact, c.party as contact_party, c.visibility = 'public' as is_public, c.case_id
from (select unnest($1::text[]) as municipality, unnest($2::text[]) as channel, unnest($3::text[]) as platform_id,
	generate_subscripts($3::text[], 1) as n) u
cross join lateral (
	select contact from loket.contact_platform p
	where p.municipality = u.municipality and p.channel = u.channel and p.platform_id = u.platform_id offset 0
) p
cross join lateral (
	select m.id, m.party, m.visibility, m.case_id from loket.contact m where m.id = p.contact offset 0
) c
