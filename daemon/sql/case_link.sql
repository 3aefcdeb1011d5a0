-- case_link: two cases of a municipality have to do with each other; saying so again changes nothing
-- $1 uuid case, $2 uuid the other, $3 uuid writer or null, $4 text note or null, $5 int most links of a case
-- columns: the notice of each; none when one is not there, they are one, or a case has that many
with two as (
	select k.id, o.id as other, k.municipality from loket.case_file k join loket.case_file o on o.municipality = k.municipality
	 where k.id = $1 and o.id = $2 and k.id <> o.id
	   and (select count(*) from loket.case_link where one = $1) + (select count(*) from loket.case_link where other = $1) < $5::int
	   and (select count(*) from loket.case_link where one = $2) + (select count(*) from loket.case_link where other = $2) < $5::int),
linked as (
	insert into loket.case_link (one, other, municipality, at, agent, note)
	select least(id, other), greatest(id, other), municipality, clock_timestamp(), $3, $4 from two
	on conflict (one, other) do nothing)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
       loket.case_told(c.id, c.state, c.product, c.municipality, 'link', null, owner => c.owner)
  from two t join loket.case_file c on c.id in (t.id, t.other)
returning id, at, municipality, kind, case_id, agent, payload
