-- contact_get: one contact
-- $1 uuid contact
-- columns: the normalised contact of the contract, with its delivery
select id, inbox, municipality, channel, direction, visibility, kind, provider_id as "providerId",
	provider_time as "providerTime", received_at as "receivedAt",
	jsonb_strip_nulls(jsonb_build_object('addresses', addresses, 'name', name)) as "from",
	reply_to as "replyTo", language, text, loket.attachments_of(id, attachments) as attachments, fields, to_jsonb(flags) as flags, delivery,
	delivery_at as "deliveryAt", delivery_error as "deliveryError", agent, case_id as "case", party
from loket.contact where id = $1
