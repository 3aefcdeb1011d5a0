-- api_audit: record a look at a citizen's data
-- $1 text municipality, $2 uuid token, $3 uuid agent, $4 text action, $5 text kind of object, $6 text its id,
-- $7 text where the request came from
-- columns: none
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
values ($1, $2, $3, $4, $5, $6, $7)
