-- attachment_shown: the attachments of a contact as the contract has them
-- $1 uuid contact, $2 uuid attachment
-- columns: attachment
select g as attachment from loket.contact c, jsonb_array_elements(loket.attachments_of(c.id, c.attachments)) g
 where c.id = $1 and g ->> 'id' = $2::uuid::text
