-- automatic_next: what is to be said, one at a time, and where
-- $1 uuid: those after this one; null: all
-- columns: id, case_id, municipality, product, kind, n, keys and contact (of a menu: what was chosen, where), text, quiet (nobody is
-- told), inbox, channel, language, settings (json)
select a.id, a.case_id, a.municipality, c.product, a.kind, a.n, a.payload ->> 'keys' as keys, (a.payload ->> 'contact')::uuid as contact,
       a.payload ->> 'text' as text, coalesce((a.payload ->> 'quiet')::bool, false) as quiet,
       c.inbox, c.channel, c.language, loket.settings_of(m.region, m.settings) as settings
  from loket.automatic a join loket.case_file c on c.id = a.case_id join loket.municipality m on m.id = a.municipality
 where a.state = 'queued' and ($1::uuid is null or a.id > $1::uuid)
 order by a.id limit 1
