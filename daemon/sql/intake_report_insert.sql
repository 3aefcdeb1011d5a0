-- intake_report_insert: what providers told about messages, also those we do not know yet
-- $1 text[] inbox, $2 text[] provider_id, $3 text[] status, $4 text[] municipality, $5 timestamptz[] at,
-- $6 uuid[] our_id, $7 jsonb[] error
insert into loket.delivery_report (inbox, provider_id, status, municipality, at, our_id, error)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[], $7::jsonb[])
on conflict do nothing
