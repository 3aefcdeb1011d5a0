-- party_audit: record a look at a party that the token may see
-- $1 uuid party, $2 uuid token, $3 uuid agent, $4 text action, $5 text where the request came from
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
select municipality, $2, $3, $4, 'party', id::text, $5 from loket.party where id = $1
