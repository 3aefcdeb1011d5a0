-- 0017 what a notice of a post says, once for every statement that writes one

set local search_path = loket;
create function post_told(id uuid, channel text, state text, claimed_by uuid, outcome text, case_id uuid, municipality text,
		event text) returns jsonb language sql stable parallel safe as $$
	select jsonb_build_object(
		'post', jsonb_strip_nulls(jsonb_build_object('id', id, 'channel', channel, 'state', state, 'claimedBy', claimed_by,
			'outcome', outcome)),
		'case', jsonb_build_object('id', case_id, 'municipality', municipality), 'event', event)
$$;
