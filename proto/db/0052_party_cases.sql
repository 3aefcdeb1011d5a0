-- 0052 which cases go back when two parties are two again after all

set local search_path = loket;

-- of a party that was merged: the cases it had, and those opened since from an address that was its own
create function party_cases_back(of_party uuid) returns setof uuid language sql stable as $$
	select c.id
	  from loket.party_merge m join loket.case_file c on c.party = m.kept
	 where m.gone = of_party and m.undone_at is null
	   and (c.id = any (m.cases) or (c.opened_at >= m.at and exists (
		select from loket.contact t
		 where t.case_id = c.id and t.direction = 'in' and m.addresses @> jsonb_build_array(t.addresses -> 0))))
$$;

-- cases of one that went on in a case of the other since: who saw one would see the other
create function party_cases_mixed(of_party uuid) returns table (reference text, into_reference text) language sql stable as $$
	with back as materialized (select id from loket.party_cases_back(of_party) id)
	select c.reference, k.reference
	  from loket.party_merge m
	  join loket.case_file k on k.party = m.kept
	  join loket.case_file c on c.merged_into = k.id
	 where m.gone = of_party and m.undone_at is null
	   and (c.id in (select id from back)) <> (k.id in (select id from back))
$$;
