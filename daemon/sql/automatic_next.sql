-- automatic_next: what is to be said, one at a time, with what is known of the case
-- $1 uuid: those after this one; null: all
-- columns: id, case_id, municipality, text, inbox, channel, language, due_at, promised_at, settings (json),
-- coach (one is ready)
select a.id, a.case_id, a.municipality, a.payload ->> 'text' as text, c.inbox, c.channel, c.language, c.due_at,
       c.promised_at, m.settings, exists (
	select from loket.agent g join loket.presence p on p.agent = g.id
	 where g.enabled and g.role = 'coach' and p.state = 'ready' and c.municipality = any (g.municipalities)) as coach
  from loket.automatic a join loket.case_file c on c.id = a.case_id join loket.municipality m on m.id = a.municipality
 where a.state = 'queued' and ($1::uuid is null or a.id > $1::uuid)
 order by a.id limit 1
