-- survey_offer: it goes out, or it does not, because; once
-- $1 uuid survey, $2 text why not; null: it does, $3 bytea SHA-256 of the token, $4 int days that it works, $5 text what
-- is said, $6 uuid of that
-- columns: id, when it goes out
with ended as (
	delete from loket.survey where id = $1 and state = 'planned' and $2 = 'reopened' returning id),
taken as (
	update loket.survey set state = case when $2::text is null then 'offered' else 'skipped' end, why = $2,
	       token_sha256 = $3, offered_at = case when $2::text is null then clock_timestamp() end,
	       expires_at = clock_timestamp() + make_interval(days => $4::int)
	 where id = $1 and state = 'planned' and $2 is distinct from 'reopened' returning *)
insert into loket.automatic (id, municipality, case_id, kind, payload, at)
select $6, municipality, case_id, 'survey', jsonb_build_object('text', $5::text), clock_timestamp()
  from taken where state = 'offered'
on conflict do nothing
returning id
