-- 0021 what the notices of an offer that ended and of a case that changed say, once for every statement that writes one
--
-- What is null is left out. A statement with more to say adds it: case_told(…) || jsonb_build_object('task', …)

set local search_path = loket;
create function offer_ended_told(offer uuid, case_id uuid, reason text) returns jsonb
		language sql stable parallel safe as $$
	select jsonb_build_object('offer', jsonb_build_object('id', offer), 'case', jsonb_build_object('id', case_id),
		'reason', reason)
$$;
create function case_told(id uuid, state text, product text, municipality text, event text, why text,
		owner uuid default null, outcome text default null) returns jsonb language sql stable parallel safe as $$
	select jsonb_strip_nulls(jsonb_build_object('case', jsonb_build_object('id', id, 'state', state, 'owner', owner,
		'product', product, 'municipality', municipality, 'outcome', outcome), 'event', event, 'why', why))
$$;
