-- 0030 attachments_of keeps its plan
--
-- A function in SQL that looks into a table is planned anew at each call: half of what reading a case cost, for
-- contacts that have no attachments at all. One in PL/pgSQL keeps its plan as long as the connection is there.

create or replace function loket.attachments_of(of_contact uuid, given jsonb) returns jsonb
		language plpgsql stable parallel safe as $$
begin
	if given = '[]' then
		return given;
	end if;
	return (select coalesce(jsonb_agg(case when a.id is null then g.one - 'providerRef'
	                        else (g.one - 'providerRef') || jsonb_strip_nulls(jsonb_build_object('state', a.state,
	                             'why', a.why, 'mediaType', coalesce(a.found_type, a.media_type), 'bytes', a.bytes,
	                             'sha256', a.sha256)) end
	                        order by g.n), '[]')
	          from jsonb_array_elements(given) with ordinality g (one, n)
	          left join loket.attachment a on a.contact = of_contact and a.id::text = g.one ->> 'id');
end $$;
