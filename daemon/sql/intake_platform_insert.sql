-- intake_platform_insert: the ids that the channel itself gave; one that came through another provider meanwhile fails
-- the batch, which then looks again
-- $1 text[] municipality, $2 text[] channel, $3 text[] platform_id, $4 uuid[] contact
insert into loket.contact_platform (municipality, channel, platform_id, contact)
select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::uuid[])
