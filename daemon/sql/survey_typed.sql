-- survey_typed: what a citizen answered to an agent, at the counter or on the telephone; instead of a link that was not used
-- $1 uuid case, $2 bool wants no more, $3 int grade, $4 int speed, $5 int felt helped, $6 int ease, $7 bool solved in one
-- go, $8 text what they said: null for what was left out; $9 uuid task that calls them back, or null; $10 uuid survey
-- (new), $11 uuid agent or null
-- columns: id, when it was not answered before
with answered as (
	insert into loket.survey (id, municipality, case_id, party, product, channel, state, by_agent, offered_at, answered_at,
	       grade, speed, felt_helped, ease, solved, text, task)
	select $10, municipality, id, party, product, channel, 'answered', $11, clock_timestamp(), clock_timestamp(),
	       $3, $4, $5, $6, $7, $8, $9 from loket.case_file where id = $1
	on conflict (case_id) do update set state = 'answered', by_agent = excluded.by_agent, answered_at = excluded.answered_at,
	       offered_at = coalesce(survey.offered_at, excluded.offered_at), token_sha256 = null, why = null,
	       grade = excluded.grade, speed = excluded.speed, felt_helped = excluded.felt_helped, ease = excluded.ease,
	       solved = excluded.solved, text = excluded.text, task = excluded.task
	 where survey.state <> 'answered'
	returning *),
out as (
	insert into loket.opt_out (municipality, channel, kind, value, at)
	select municipality, 'survey', 'party', party::text, clock_timestamp() from answered where $2::bool and party is not null
	on conflict do nothing)
select id from answered
