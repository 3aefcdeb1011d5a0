-- intake_contact_change: a sender changed a message or took it back. What was taken back is shown no more; the raw
-- bytes keep it
-- $1 text[] inbox, $2 text[] provider_id, $3 text[] direction, $4 bool[] deleted (else edited)
with said as (
	select m.id, bool_or(t.deleted) as deleted, bool_or(not t.deleted) as edited
	from unnest($1::text[], $2::text[], $3::text[], $4::bool[]) t (inbox, provider_id, direction, deleted)
	cross join lateral (
		select id from loket.contact c
		where c.inbox = t.inbox and c.provider_id = t.provider_id and c.direction = t.direction offset 0
	) m
	group by m.id
)
update loket.contact c set (flags, text, fields, attachments) = (
	select array(select distinct f from unnest(c.flags || case when u.edited then '{edited}'::text[] else '{}' end
			|| case when u.deleted then '{deleted}'::text[] else '{}' end) f order by f),
		case when not u.deleted then c.text end,
		case when not u.deleted then c.fields end,
		case when u.deleted then '[]' else c.attachments end
	from said u where u.id = c.id)
where c.id = any (array(select id from said))
