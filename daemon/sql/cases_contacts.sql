-- cases_contacts: the newest contacts of a case, in the order of the conversation (P7: provider time, then arrival)
-- $1 uuid case, $2 timestamptz only what arrived before, null: all; $3 int how many
-- columns: the normalised contact of the contract, with its delivery
select * from (
	select id, inbox, municipality, channel, direction, visibility, kind, provider_id as "providerId",
	       provider_time as "providerTime", received_at as "receivedAt",
	       jsonb_strip_nulls(jsonb_build_object('addresses', addresses, 'name', name)) as "from",
	       reply_to as "replyTo", language, text, attachments, fields, to_jsonb(flags) as flags, delivery,
	       delivery_at as "deliveryAt", delivery_error as "deliveryError", agent, case_id as "case", party
	  from loket.contact
	 where case_id = $1 and ($2::timestamptz is null or received_at < $2)
	 order by received_at desc, id desc limit $3) newest
 order by coalesce("providerTime", "receivedAt"), "receivedAt", id
