-- survey_before: what is against asking the party of a case now
-- $1 uuid case
-- columns: opted_out, asked_at (the newest survey of theirs about something else)
select exists (select from loket.opt_out o where o.municipality = c.municipality and o.channel = 'survey'
                  and o.kind = 'party' and o.value = c.party::text) as opted_out,
       (select max(o.offered_at) from loket.survey o
         where o.party = c.party and o.case_id <> c.id and o.state in ('offered', 'answered')) as asked_at
  from loket.case_file c where c.id = $1
