-- work_note: a note for colleagues
-- $1 uuid case, $2 uuid note (new), $3 uuid writer or null, $4 text
-- columns: the notice
with seen as (select * from loket.case_file where id = $1),
noted as (
	insert into loket.note (id, municipality, case_id, agent, at, text)
	select $2, municipality, id, $3, clock_timestamp(), $4 from seen
	on conflict (id) do nothing)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       loket.case_told(id, state, product, municipality, 'note', null, owner => owner) ||
       jsonb_build_object('note', jsonb_build_object('id', $2::uuid))
  from seen
returning id, at, municipality, kind, case_id, agent, payload
