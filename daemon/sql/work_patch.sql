-- work_patch: what a case is about, corrected; null leaves a thing as it is
-- $1 uuid case, $2 bigint epoch, $3 uuid owner or null, $4 text state as it was read; $5 text product,
-- $6 text language, $7 bool option 0, $8 bool formal, $9 text why
-- columns: the notice
with changed as (
	update loket.case_file
	   set product = coalesce($5, product), language = coalesce($6, language), option0 = coalesce($7, option0),
	       flags = case when $7 is null then d.flags
	                    when $7 then array_append(array_remove(d.flags, 'option0'), 'option0')
	                    else array_remove(d.flags, 'option0') end
	  from (select id as did, case when $8::bool is null then flags
	                    when $8 then array_append(array_remove(flags, 'formal'), 'formal')
	                    else array_remove(flags, 'formal') end as flags
	          from loket.case_file where id = $1) d
	 where id = $1 and did = id and epoch = $2 and owner is not distinct from $3::uuid and state = $4
	returning case_file.*)
insert into loket.notice (at, municipality, kind, case_id, agent, payload)
select clock_timestamp(), municipality, 'case.changed', id, owner,
       jsonb_build_object('case', jsonb_strip_nulls(jsonb_build_object('id', id, 'state', state, 'owner', owner,
                          'product', product, 'municipality', municipality)), 'event', 'patch', 'why', $9::text)
  from changed
returning id, at, municipality, kind, case_id, agent, payload
