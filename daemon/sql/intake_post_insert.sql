-- intake_post_insert: what the webcare team has to look at; done already when the case is with the agents, or spam
-- $1 uuid[] contacts, stored before in this unit
insert into loket.post (id, municipality, inbox, channel, case_id, at, state, outcome, done_at)
select c.id, c.municipality, c.inbox, c.channel, k.id, c.received_at,
	case when k.state = 'triage' then 'waiting' else 'done' end,
	case when k.state = 'triage' then null when k.outcome = 'spam' then 'spam' else 'case' end,
	case when k.state = 'triage' then null else c.received_at end
from loket.contact c join loket.case_file k on k.id = c.case_id
where c.id = any ($1::uuid[])
