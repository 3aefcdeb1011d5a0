-- intake_post_change: something public reads as its sender last left it, in whatever order that came: edited, it has the
-- new words; taken back, nothing of it is kept but ids, nor in its edits, nor in the raw bytes of a webhook that held
-- only it (others share theirs: those go after raw_keep_days)
-- $1 text[] inbox, $2 text[] provider_id: of what came, and of what that is about
with later as (
	select o.id, bool_or(e.kind = 'delete') as deleted,
		array_remove(array_agg(e.text order by coalesce(e.provider_time, e.received_at) desc, e.id desc)
			filter (where e.kind = 'edit'), null) as texts,
		array_agg(e.id) filter (where e.kind = 'edit') as edits
	from (select distinct inbox, provider_id from unnest($1::text[], $2::text[]) t (inbox, provider_id)) u
	join loket.contact o on o.inbox = u.inbox and o.provider_id = u.provider_id and o.visibility = 'public'
	join loket.contact e on e.inbox = o.inbox and e.reply_to = o.provider_id and e.kind in ('edit', 'delete')
		and e.direction = o.direction
	group by o.id
),
target as (
	select id, deleted, texts, array(select f from loket.contact g, unnest(g.flags) f where g.id = any (l.edits)) as flags
	from later l
	union all
	select unnest(edits), true, '{}', '{}' from later where deleted
),
changed as (
	update loket.contact c set
		text = case when not t.deleted then coalesce(t.texts[1], c.text) end,
		attachments = case when t.deleted then '[]' else c.attachments end,
		fields = case when not t.deleted then c.fields
			else (select jsonb_object_agg(key, value) from jsonb_each(c.fields) where key in ('post', 'parent', 'comment')) end,
		flags = array(select distinct f from unnest(c.flags || t.flags
			|| case when t.texts <> '{}' then '{edited}'::text[] else '{}' end
			|| case when t.deleted then '{deleted}'::text[] else '{}' end) f order by f)
	from target t where c.id = t.id
	returning c.raw, t.deleted
)
update loket.raw r set body = null from changed
where r.id = changed.raw and changed.deleted and r.n_contacts <= 1
