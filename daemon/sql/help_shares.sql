-- help_shares: how the cases of a period were handled. Ids begin with the time (UUIDv7), so the period is a part of the key
-- $1 timestamptz from, $2 timestamptz to, $3 text municipality or null
-- columns: cases, personal, assisted
select count(*) as cases,
       count(*) filter (where k.channel in ('phone', 'counter')) as personal,
       count(*) filter (where k.channel not in ('phone', 'counter') and ('assisted' = any (k.flags) or exists (
		select from loket.help_request h where h.case_id = k.id and h.helped_at is not null))) as assisted
  from loket.case_file k
 where k.id >= (lpad(to_hex((extract(epoch from $1::timestamptz) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
   and k.id < (lpad(to_hex((extract(epoch from $2::timestamptz) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
   and ($3::text is null or k.municipality = $3) and not 'spam' = any (k.flags)
