-- party_unmerge: they are two after all: what was the merged party's goes back, also the cases it opened since from an
-- address of its own. Nothing when it is not merged, when who it was merged into is itself merged (that one first), or when cases
-- of both went on in one
-- $1 uuid the merged party, $2 uuid agent or null
-- columns: the notices of the open cases that moved
with merge as materialized (
	select m.* from loket.party_merge m join loket.party k on k.id = m.kept
	 where m.gone = $1 and m.undone_at is null and k.merged_into is null
	   and not exists (select from loket.party_cases_mixed($1)) for update of m, k),
addresses as (
	update loket.address a set party = m.gone
	  from merge m, jsonb_to_recordset(m.addresses) x (kind text, value text)
	 where a.municipality = m.municipality and a.kind = x.kind and a.value = x.value and a.party = m.kept returning a.kind),
cases as (
	update loket.case_file c set party = m.gone
	  from merge m
	 where c.party = m.kept and c.id in (select loket.party_cases_back($1))
	returning c.id, c.state, c.owner, c.municipality),
marked as (
	update loket.party p set merged_into = null from merge m where p.id = m.gone returning p.id),
undone as (
	update loket.party_merge m set undone_at = clock_timestamp(), undone_by = $2 from merge where m.id = merge.id returning m.id)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       jsonb_build_object('case', jsonb_build_object('id', id, 'state', state, 'party', $1))
  from cases where state <> 'closed'
returning id, at, municipality, kind, case_id, agent, payload
