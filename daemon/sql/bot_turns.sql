-- bot_turns: what a bot said last in a case that nobody has yet and in which nobody asked for a person
-- $1 uuid case, $2 int how many turns
-- columns: id, text, stuck (it does not understand), fields (json), kind and value (address), the newest first
select t.id, coalesce(t.text, '') as text, coalesce((t.fields ->> 'stuck')::bool, false) as stuck, t.fields - 'stuck' as fields,
       t.addresses -> 0 ->> 'kind' as kind, t.addresses -> 0 ->> 'value' as value
  from loket.contact t join loket.case_file c on c.id = t.case_id
 where t.case_id = $1 and t.direction = 'out' and t.fields ->> 'by' = 'bot'
   and not c.option0 and c.owner is null and c.state <> 'closed'
 order by coalesce(t.provider_time, t.received_at) desc, t.id desc limit $2::int
