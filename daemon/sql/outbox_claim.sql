-- outbox_claim: take replies that are due; committed before anything is sent. A reply waits for the earlier ones of
-- its case, so that a conversation keeps its order, and until its files were looked at; then it is prepared first
-- $1 text this instance, $2 int how many
-- columns: contact, municipality, inbox, case_id, attempts, to_kind, to_value, template, menu (json), text, reply_to, visibility,
-- automatic, answers_id, answers (json), reference (of the case), last_in, opted_out, files (json: what is known of each),
-- uploaded (json)
with due as (
	select o.contact from loket.outbox o join loket.contact c on c.id = o.contact
	 where o.state = 'queued' and o.next_at <= clock_timestamp()
	   and not exists (
		select from loket.outbox e join loket.contact ec on ec.id = e.contact
		 where e.case_id = o.case_id and e.state <> 'done' and (ec.received_at, ec.id) < (c.received_at, c.id))
	   and not (o.files and exists (
		select from loket.attachment f where f.contact = o.contact and f.state in ('pending', 'fetching', 'quarantined')))
	 order by o.next_at limit $2 for update of o skip locked),
mine as (
	update loket.outbox o set state = 'sending', holder = $1, next_at = clock_timestamp(), preparing = o.files
	  from due where o.contact = due.contact and o.state = 'queued' returning o.*),
shown as (
	update loket.contact c set delivery = 'sending', delivery_at = clock_timestamp()
	  from mine where c.id = mine.contact and c.delivery = 'queued' returning c.id)
select m.contact, m.municipality, m.inbox, m.case_id, m.attempts, m.to_kind, m.to_value, m.template, c.fields -> 'menu' as menu, c.text,
       c.reply_to, c.visibility, 'automatic' = any (c.flags) as automatic, a.provider_id as answers_id, a.fields as answers,
       (select f.reference from loket.case_file f where f.id = m.case_id) as reference,
       (select max(coalesce(i.provider_time, i.received_at)) from loket.contact i
         where i.case_id = m.case_id and i.inbox = m.inbox and i.direction = 'in') as last_in,
       exists (select from loket.opt_out n where n.municipality = m.municipality and n.channel = c.channel
                  and n.kind = m.to_kind and n.value = m.to_value) as opted_out,
       case when m.files then (
		select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'kind', f.kind, 'name', f.name, 'type', f.found_type, 'bytes', f.bytes,
		                                             'sha256', f.sha256, 'stored', f.state = 'stored') order by g.n), '[]')
		  from jsonb_array_elements(c.attachments) with ordinality g (one, n)
		  join loket.attachment f on f.contact = c.id and f.id::text = g.one ->> 'id') end as files,
       m.uploaded
  from mine m join loket.contact c on c.id = m.contact left join loket.contact a on a.id = m.answers
