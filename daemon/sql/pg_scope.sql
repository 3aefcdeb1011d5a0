-- pg_scope: what row level security goes by, until the end of this transaction; first in every unit of loket_api
-- $1 text municipalities, separated by commas   $2 text agent or ''   $3 text token
-- columns: nobody reads them
select set_config('loket.scope', $1, true), set_config('loket.agent', $2, true), set_config('loket.token', $3, true)
