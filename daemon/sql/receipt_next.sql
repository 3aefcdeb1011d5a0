-- receipt_next: the oldest formal message of the last week that came in electronically and has no receipt; what an agent typed in is
-- confirmed by the agent, what is public or unwanted by nobody
-- columns: id, case_id, municipality, inbox, text, fields (json), form (json: of a form), received_at, reference, language, settings (json); and
-- of whom a receipt goes to, as work_reply_to, but of a form first by mail: to_kind, to_value, last_in, answers, answers_id,
-- opted_out
select c.id, c.case_id, c.municipality, c.inbox, c.text, c.fields, case when c.kind = 'form' then c.fields end as form,
       c.received_at, f.reference, f.language, loket.settings_of(m.region, m.settings) as settings,
       t.kind as to_kind, t.value as to_value,
       coalesce(c.provider_time, c.received_at) as last_in, c.id as answers, c.provider_id as answers_id,
       exists (select from loket.opt_out o where o.municipality = c.municipality and o.channel = c.channel
                  and o.kind = t.kind and o.value = t.value) as opted_out
  from loket.contact c join loket.case_file f on f.id = c.case_id join loket.municipality m on m.id = c.municipality
  left join lateral (
	select a ->> 'kind' as kind, a ->> 'value' as value from jsonb_array_elements(c.addresses) with ordinality x (a, n)
	 order by c.kind = 'form' and a ->> 'kind' = 'email' desc, n limit 1) t on true
 where c.direction = 'in' and c.flags @> '{formal}' and c.received_at > clock_timestamp() - interval '7 days'
   and c.visibility = 'private' and c.agent is null and not c.flags && '{spam,flood,blocked,deleted}'
   and not exists (select from loket.receipt r where r.contact = c.id)
 order by c.received_at limit 1
