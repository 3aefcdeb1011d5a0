-- party_proved: whose these addresses are, of those somebody vouched for
-- $1 text municipality, $2 text[] kind, $3 text[] value
-- columns: party, each once, the oldest first
select distinct a.party from loket.address a join (select unnest($2::text[]) as kind, unnest($3::text[]) as value) u
	on a.kind = u.kind and a.value = u.value
where a.municipality = $1 and a.proved order by a.party
