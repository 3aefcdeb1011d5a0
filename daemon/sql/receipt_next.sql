-- receipt_next: the oldest formal message of the last week that came in electronically and has no receipt; what an agent typed in is
-- confirmed by the agent, what is public or unwanted by nobody
-- columns: id, case_id, municipality, inbox, text, fields (json), form (json: of a form), received_at, reference, language, settings (json); and
-- of whom a receipt goes to, as work_reply_to: to_kind, to_value, last_in, answers, answers_id, opted_out
select c.id, c.case_id, c.municipality, c.inbox, c.text, c.fields, case when c.kind = 'form' then c.fields end as form,
       c.received_at, f.reference, f.language, loket.settings_of(m.region, m.settings) as settings,
       c.addresses->0->>'kind' as to_kind, c.addresses->0->>'value' as to_value,
       coalesce(c.provider_time, c.received_at) as last_in, c.id as answers, c.provider_id as answers_id,
       exists (select from loket.opt_out o where o.municipality = c.municipality and o.channel = c.channel
                  and o.kind = c.addresses->0->>'kind' and o.value = c.addresses->0->>'value') as opted_out
  from loket.contact c join loket.case_file f on f.id = c.case_id join loket.municipality m on m.id = c.municipality
 where c.direction = 'in' and c.flags @> '{formal}' and c.received_at > clock_timestamp() - interval '7 days'
   and c.visibility = 'private' and c.agent is null and not c.flags && '{spam,flood,blocked,deleted}'
   and not exists (select from loket.receipt r where r.contact = c.id)
 order by c.received_at limit 1
