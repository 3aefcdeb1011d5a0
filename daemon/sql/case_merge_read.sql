-- case_merge_read: what decides whether two cases can be one, beside what work_case has of each
-- $1 uuid stays, $2 uuid goes
-- columns: kept_post, post (said in public), same_party, help (somebody waits for help), callback (is promised), on_the_line,
-- merged_into (of the one that goes), merged (how many cases would be in the one that stays)
select k.post is not null as kept_post, g.post is not null as post, g.party is null or g.party is not distinct from k.party as same_party,
       exists (select from loket.help_request where case_id = g.id and ended_at is null) as help,
       exists (select from loket.callback where case_id = g.id and state = 'open') as callback,
       exists (select from loket.call where case_id = g.id and state <> 'ended') as on_the_line, g.merged_into,
       (select 1 + count(*) from loket.case_file m where m.merged_into in ($1, $2)) as merged
  from loket.case_file k, loket.case_file g
 where k.id = $1 and g.id = $2
