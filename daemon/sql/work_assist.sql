-- work_assist: the citizen agrees that the coach does it for them; where, when the coach says so
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text product, $6 text page,
-- $7 text step, null: as it was; $8 uuid writer or null
-- columns: the notice
with held as (
	update loket.case_file set flags = array_append(array_remove(flags, 'assisted'), 'assisted')
	 where id = $1 and epoch = $2 and owner is not distinct from $3::uuid and state = $4
	   and exists (select from loket.help_request h where h.case_id = $1 and h.ended_at is null)
	returning *),
agreed as (
	update loket.help_request h set consent_at = coalesce(h.consent_at, clock_timestamp()), product = coalesce($5, h.product),
	       page = coalesce($6, h.page), step = coalesce($7, h.step), coach = coalesce(h.coach, $8)
	  from held c where h.case_id = c.id and h.ended_at is null)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       loket.case_told(id, state, product, municipality, 'assist', 'the citizen agreed to it', owner => owner)
  from held
returning id, at, municipality, kind, case_id, agent, payload
