-- survey_next: the next that is to be offered, and what is against it
-- columns: id, case_id, municipality, party, language, settings (json, of the municipality), reopened (it is not finished
-- after all), opted_out, asked_at (the newest survey of theirs)
select s.id, s.case_id, s.municipality, s.party, c.language, loket.settings_of(m.region, m.settings) as settings, c.state <> 'closed' as reopened,
       exists (select from loket.opt_out o where o.municipality = s.municipality and o.channel = 'survey'
                  and o.kind = 'party' and o.value = s.party::text) as opted_out,
       (select max(o.offered_at) from loket.survey o
         where o.party = s.party and o.state in ('offered', 'answered')) as asked_at
  from loket.survey s join loket.case_file c on c.id = s.case_id join loket.municipality m on m.id = s.municipality
 where s.state = 'planned' and s.due_at <= clock_timestamp()
 order by s.due_at limit 1
