-- attachment_done: what became of an attachment this instance worked on. Nothing when it is not (or no longer) there
-- $1 uuid attachment, $2 text this instance, $3 text state, $4 text why, $5 text found type, $6 bigint bytes (-1: unknown), $7 text
-- sha256, $8 int seconds until somebody looks again, $9 bool count it as an attempt, $10 bool tell it
-- columns: attachment, awaited (by a reply), and the notice, when there is one
with now_is as (
	update loket.attachment
	   set state = $3, why = $4, found_type = coalesce($5, found_type), bytes = coalesce(nullif($6::bigint, -1), bytes),
	       sha256 = coalesce($7, sha256), attempts = attempts + $9::bool::int, holder = null,
	       next_at = clock_timestamp() + make_interval(secs => $8::int)
	 where id = $1 and holder = $2 returning id, contact, state),
told as (
	insert into loket.notice (at, municipality, kind, case_id, agent, payload)
	select clock_timestamp(), c.municipality, 'case.changed', c.case_id, f.owner,
	       jsonb_build_object('case', jsonb_strip_nulls(jsonb_build_object('id', c.case_id, 'state', f.state)),
	                          'event', 'attachment', 'contact', jsonb_build_object('id', c.id),
	                          'attachment', jsonb_build_object('id', n.id, 'state', n.state))
	  from now_is n join loket.contact c on c.id = n.contact join loket.case_file f on f.id = c.case_id
	 where $10::bool
	returning id, at, municipality, kind, case_id, agent, payload)
select n.id as attachment, exists (select from loket.outbox o where o.contact = n.contact and o.state = 'queued') as awaited, t.*
  from now_is n left join told t on true
