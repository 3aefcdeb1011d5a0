-- intake_contact_change: a sender changed a message or took it back. What was taken back is shown no more; the raw
-- bytes keep it
-- $1 text[] inbox, $2 text[] provider_id, $3 text[] direction, $4 bool[] deleted (else edited)
update loket.contact c set
	flags = array(select distinct f from unnest(c.flags || case when u.edited then '{edited}'::text[] else '{}' end
		|| case when u.deleted then '{deleted}'::text[] else '{}' end) f order by f),
	text = case when u.deleted then null else c.text end,
	fields = case when u.deleted then null else c.fields end,
	attachments = case when u.deleted then '[]' else c.attachments end
from (select inbox, provider_id, direction, bool_or(deleted) as deleted, bool_or(not deleted) as edited
	from unnest($1::text[], $2::text[], $3::text[], $4::bool[]) t (inbox, provider_id, direction, deleted)
	group by 1, 2, 3) u
where c.inbox = u.inbox and c.provider_id = u.provider_id and c.direction = u.direction
