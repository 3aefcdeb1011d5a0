-- receipt_follow: what became of receipts that were sent, for a week: each delivery once in the proof
-- columns: none; a report may come before the one before it, so they are written in the order that they mean
with due as (
	select * from loket.receipt where open and looked_at < clock_timestamp() - interval '2 seconds'
	 order by looked_at limit 200 for update skip locked),
found as (
	select distinct on (d.contact, s.status) d.contact, d.municipality, d.case_id, d.reply, s.status, s.at
	  from due d join loket.contact c on c.id = d.reply
	 cross join lateral (
		select r.status, r.at from loket.delivery_report r where r.inbox = c.inbox and r.provider_id = c.provider_id
		union all
		select c.delivery, c.delivery_at where c.delivery not in ('queued', 'sending')) s
	 where s.status <> all (d.logged)
	 order by d.contact, s.status, s.at),
proved as (
	insert into loket.proof (municipality, at, case_id, contact, what, detail)
	select municipality, at, case_id, contact, status, jsonb_build_object('contact', reply) from found
	 order by array_position('{uncertain,sent,delivered,read,failed}'::text[], status), at)
update loket.receipt r
   set looked_at = clock_timestamp(), logged = r.logged || coalesce(f.words, '{}'),
       open = r.at > clock_timestamp() - interval '7 days' and not coalesce(f.words && '{read,failed}', false)
  from due d left join (select contact, array_agg(status) as words from found group by contact) f on f.contact = d.contact
 where r.contact = d.contact
