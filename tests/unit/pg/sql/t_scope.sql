-- t_scope: what row level security sees now
-- columns: scope, agent, token
select current_setting('loket.scope', true) as scope, current_setting('loket.agent', true) as agent,
	current_setting('loket.token', true) as token
