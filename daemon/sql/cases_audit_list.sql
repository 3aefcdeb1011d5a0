-- cases_audit_list: a list or search was looked at (P10): one line for every municipality it could show
-- $1 uuid token, $2 uuid agent or null, $3 text action, $4 text object kind, $5 text object id (never personal data)
-- $6 text municipality, null: all in scope
-- columns: none
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id)
select m, $1, $2, $3, $4, $5 from unnest(loket.scope()) m where $6::text is null or m = $6
