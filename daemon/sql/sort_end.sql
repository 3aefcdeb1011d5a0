-- sort_end: signals that are over
-- $1 uuid[] signals
-- columns: the notices
with done as (
	update loket.signal set ended_at = clock_timestamp() where id = any ($1::uuid[]) and ended_at is null returning *)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select ended_at, municipality, 'signal.ended', null, null,
       jsonb_build_object('signal', jsonb_strip_nulls(jsonb_build_object('id', id, 'municipality', municipality,
           'theme', nullif(theme, ''), 'area', nullif(area, ''), 'department', department)))
  from done
returning id, at, municipality, kind, case_id, agent, payload
