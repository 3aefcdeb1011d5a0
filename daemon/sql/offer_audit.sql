-- offer_audit: an agent saw what is known of the citizens whose cases are offered (P10)
-- $1 uuid agent, $2 uuid token, $3 text where the request came from
-- columns: none
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
select o.municipality, $2, $1, 'offer.read', 'case', o.case_id::text, $3
  from loket.offer o where o.agent = $1 and o.state = 'made' and o.expires_at > clock_timestamp()
