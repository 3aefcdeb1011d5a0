-- intake_post_change: something public reads as its sender last left it, in whatever order that came: edited, it has the
-- new words; taken back, nothing of it is kept but ids, nor in its edits, nor in the raw bytes of a webhook that held
-- only it (others share theirs: those go after raw_keep_days)
-- $1 text[] inbox, $2 text[] provider_id: of what came, and of what that is about
with later as (
	select e.inbox, e.reply_to, bool_or(e.kind = 'delete') as deleted,
		array_remove(array_agg(e.text order by coalesce(e.provider_time, e.received_at) desc, e.id desc)
			filter (where e.kind = 'edit'), null) as texts,
		(select array_agg(distinct f) from loket.contact g cross join unnest(g.flags) f
			where g.inbox = e.inbox and g.reply_to = e.reply_to and g.kind = 'edit') as flags
	from (select distinct inbox, provider_id from unnest($1::text[], $2::text[]) t (inbox, provider_id)) u
	join loket.contact o on o.inbox = u.inbox and o.provider_id = u.provider_id and o.visibility = 'public'
	join loket.contact e on e.inbox = u.inbox and e.reply_to = u.provider_id and e.kind in ('edit', 'delete')
		and e.direction = o.direction
	group by e.inbox, e.reply_to
),
changed as (
	update loket.contact c set
		text = case when not l.deleted then coalesce(l.texts[1], c.text) end,
		attachments = case when l.deleted then '[]' else c.attachments end,
		fields = case when not l.deleted then c.fields
			else (select jsonb_object_agg(key, value) from jsonb_each(c.fields) where key in ('post', 'parent', 'comment')) end,
		flags = array(select distinct f from unnest(c.flags || l.flags
			|| case when l.texts <> '{}' then '{edited}'::text[] else '{}' end
			|| case when l.deleted then '{deleted}'::text[] else '{}' end) f order by f)
	from later l
	where c.inbox = l.inbox and (c.provider_id = l.reply_to or (l.deleted and c.kind = 'edit' and c.reply_to = l.reply_to))
	returning c.raw, l.deleted
)
update loket.raw r set body = null from changed
where r.id = changed.raw and changed.deleted and r.n_contacts <= 1
