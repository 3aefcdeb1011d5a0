-- survey_answer: what they answered, once; who wants no more surveys is asked none
-- $1 uuid survey, $2 bool wants no more, $3 int grade, $4 int speed, $5 int felt helped, $6 int ease, $7 bool solved in one
-- go, $8 text what they wrote: null for what they left out; $9 uuid task that calls them back, or null
-- columns: id, when it was still open
with answered as (
	update loket.survey set state = 'answered', answered_at = clock_timestamp(), grade = $3, speed = $4, felt_helped = $5,
	       ease = $6, solved = $7, text = $8, task = $9
	 where id = $1 and state = 'offered' and expires_at > clock_timestamp() returning *),
out as (
	insert into loket.opt_out (municipality, channel, kind, value, at)
	select municipality, 'survey', 'party', party::text, clock_timestamp() from answered where $2::bool and party is not null
	on conflict do nothing)
select id from answered
