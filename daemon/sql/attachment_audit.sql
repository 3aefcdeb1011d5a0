-- attachment_audit: record a look at an attachment that the token may see
-- $1 uuid contact, $2 uuid attachment, $3 uuid token, $4 uuid agent, $5 text action, $6 text where the request came from
insert into loket.access_log (municipality, token, agent, action, object_kind, object_id, origin)
select municipality, $3, $4, $5, 'attachment', id::text, $6 from loket.attachment where contact = $1 and id = $2
