-- 0055 what a token may see is worked out once for a statement, not for each row: of somebody with a thousand contacts that was a
-- seventh of PostgreSQL's time. Only where hundreds of rows are read

set local search_path = loket;

alter policy scope on case_file
	using (municipality = any ((select loket.scope())::text[])) with check (municipality = any (loket.scope()));
alter policy scope on contact
	using (municipality = any ((select loket.scope())::text[])) with check (municipality = any (loket.scope()));
