-- party_merge: two parties of one municipality are one: what the second has moves to the first. Nothing when one of
-- them is not there, is merged already, or they are the same
-- $1 uuid stays, $2 uuid goes, $3 uuid of the merge (new), $4 text reason, $5 uuid agent or null, $6 text note or null
-- columns: the notices of the open cases that moved
with locked as materialized (
	select id, municipality, merged_into from loket.party where id in ($1, $2) order by id for update),
pair as (
	select k.id as kept, g.id as gone, k.municipality
	  from locked k join locked g on g.municipality = k.municipality
	 where k.id = $1 and g.id = $2 and k.id <> g.id and k.merged_into is null and g.merged_into is null),
addresses as (
	update loket.address a set party = pair.kept from pair where a.party = pair.gone returning a.kind, a.value),
cases as (
	update loket.case_file c set party = pair.kept from pair where c.party = pair.gone
	returning c.id, c.state, c.owner, c.municipality),
marked as (
	update loket.party p set merged_into = pair.kept from pair where p.id = pair.gone returning p.id),
kept_record as (
	insert into loket.party_merge (id, municipality, kept, gone, at, reason, agent, note, addresses, cases)
	select $3, municipality, kept, gone, clock_timestamp(), $4, $5, $6,
	       (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'value', value)), '[]') from addresses),
	       array(select id from cases)
	  from pair returning id)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       jsonb_build_object('case', jsonb_build_object('id', id, 'state', state, 'party', $1))
  from cases where state <> 'closed'
returning id, at, municipality, kind, case_id, agent, payload
