-- case_unlink: two cases have nothing to do with each other after all
-- $1 uuid case, $2 uuid the other
-- columns: the notice of each; none when they were not linked
with gone as (
	delete from loket.case_link where one = least($1::uuid, $2::uuid) and other = greatest($1::uuid, $2::uuid) returning one, other)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), c.municipality, 'case.changed', c.id, c.owner,
       loket.case_told(c.id, c.state, c.product, c.municipality, 'unlink', null, owner => c.owner)
  from gone g join loket.case_file c on c.id in (g.one, g.other)
returning id, at, municipality, kind, case_id, agent, payload
