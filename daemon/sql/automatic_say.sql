-- automatic_say: the only way anything is said without a person, so the only place that has to know: in a case that
-- asked for help by a person nothing is said but the kinds of $9, and of each of these one (unique in
-- loket.automatic). Written once, whoever comes first. What the channel cannot send is shown in the case as a message
-- that failed
-- $1 uuid what is said (also of the contact), $2 text, $3 text why it cannot be sent or null, $4 text address kind,
-- $5 text address, $6 uuid contact it answers or null, $7 text inbox it goes out by, $8 text its channel; null: those
-- of the case, $9 text[] kinds, $10 timestamptz the text says that somebody is there before then: only when that is what
-- is promised (help_promise.sql); null: it says no time, $11 text nobody is told, because; or null, $12 jsonb menu that $2
-- says, or null. A menu or an answer: not to who is helped by somebody by now
-- columns: the notice
with held as (
	select c.* from loket.automatic a join loket.case_file c on c.id = a.case_id where a.id = $1
	   and ($10::timestamptz is null or c.promised_at = $10::timestamptz or $11::text is not null) for update of c),
silent as (
	select case when h.option0 and a.kind <> all ($9::text[]) then 'option0' when $11::text is not null then $11
	            when a.kind in ('menu', 'answer') and h.state not in ('queued', 'offered') then 'held' end as why
	  from loket.automatic a, held h where a.id = $1),
took as (
	update loket.automatic a
	   set state = case when coalesce(silent.why, $3) is null then 'said' else 'refused' end, why = coalesce(silent.why, $3)
	  from held, silent where a.id = $1 and a.state = 'queued' returning a.*),
unasked as (
	update loket.survey v set state = 'skipped', why = t.why, token_sha256 = null, offered_at = null
	  from took t where t.kind = 'survey' and t.state = 'refused' and v.case_id = t.case_id and v.state = 'offered'),
spoken as (
	update loket.case_file c set last_contact_at = greatest(c.last_contact_at, clock_timestamp())
	  from took where c.id = took.case_id and took.state = 'said'),
said as (
	insert into loket.contact (id, municipality, inbox, channel, direction, visibility, kind, received_at, case_id,
	       party, addresses, language, text, fields, flags, delivery, delivery_at, delivery_error)
	select t.id, t.municipality, coalesce($7, h.inbox), coalesce($8, h.channel), 'out', 'private', 'text',
	       clock_timestamp(), h.id, h.party,
	       case when $5::text is null then '[]'
	            else jsonb_build_array(jsonb_build_object('kind', $4::text, 'value', $5::text)) end,
	       h.language, $2, case when $12::jsonb is not null then jsonb_build_object('menu', $12::jsonb) end, '{automatic}',
	       case when t.state = 'said' then 'queued' else 'failed' end,
	       clock_timestamp(), t.why
	  from took t, held h, silent where silent.why is null returning *),
going as (
	insert into loket.outbox (contact, municipality, inbox, case_id, next_at, to_kind, to_value, answers)
	select id, municipality, inbox, case_id, received_at, $4, $5, $6 from said where delivery = 'queued')
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select s.received_at, s.municipality, 'delivery.changed', s.case_id, h.owner,
       jsonb_build_object('contact', jsonb_build_object('id', s.id, 'delivery', s.delivery),
                          'case', jsonb_build_object('id', s.case_id))
  from said s, held h
returning id, at, municipality, kind, case_id, agent, payload
