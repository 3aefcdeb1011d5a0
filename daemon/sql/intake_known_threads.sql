-- intake_known_threads: the cases that mails lead to by what they refer to, for each mail the nearest first
-- $1 bigint[] n (the mail), $2 text[] inbox, $3 text[] municipality, $4 text[] kind: 'message' (an id that it refers to),
-- 'case' (the reference of a case), 'answered' (its own id: an answer to it may have come earlier), $5 text[] that id or
-- reference, $6 uuid[] contact of ours that the id carries, or null
-- columns: n, proves (it knows the id of a message of ours), and the case as in intake_known_addresses
select u.n, m.proves,
	k.id as case_id, k.municipality, k.reference, k.product, k.inbox, k.channel, k.language, k.party, k.state,
	k.outcome, k.closed_at, k.last_contact_at, k.arrived_at, k.due_at, k.owner, k.epoch, k.option0, k.post
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[])
	with ordinality u (n, inbox, municipality, kind, id, ours, rank)
cross join lateral (
	select c.case_id, true as proves from loket.contact c
	where u.kind = 'message' and c.id = u.ours and c.inbox = u.inbox and c.direction = 'out'
	union all
	select c.case_id, false from loket.contact c
	where u.kind = 'message' and c.channel = 'email' and c.inbox = u.inbox and c.fields ->> 'messageId' = u.id
	union all
	select c.case_id, false from loket.contact c
	where u.kind = 'answered' and c.channel = 'email' and c.inbox = u.inbox and c.reply_to = u.id
	union all
	select f.id, false from loket.case_file f
	where u.kind = 'case' and f.reference = u.id and f.municipality = u.municipality
) m
join loket.case_file f on f.id = m.case_id
join loket.case_file k on k.id = coalesce(f.merged_into, f.id)
order by u.rank
