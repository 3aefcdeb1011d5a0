-- intake_attachment_insert: what came with the contacts; only for contacts that have any
-- $1 uuid[] id, $2 text[] municipality, $3 uuid[] contact, $4 text[] inbox, $5 text[] provider_ref, $6 text[] kind,
-- $7 text[] media_type, $8 text[] name, $9 bigint[] bytes (-1: unknown), $10 text[] sha256, $11 text[] state
insert into loket.attachment (id, municipality, contact, inbox, provider_ref, kind, media_type, name, bytes, sha256, state)
select u.id, u.municipality, u.contact, u.inbox, u.provider_ref, u.kind, u.media_type, u.name, nullif(u.bytes, -1), u.sha256,
	u.state
  from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
	$9::bigint[], $10::text[], $11::text[])
	u (id, municipality, contact, inbox, provider_ref, kind, media_type, name, bytes, sha256, state)
