-- work_reply_known: attachments that a reply names: of a contact of the case, or of one that was merged into it
-- $1 uuid case, $2 uuid[] attachment
-- columns: id, kind, media_type, name, found_type, bytes, sha256, state
select a.id, a.kind, a.media_type, a.name, a.found_type, a.bytes, a.sha256, a.state
  from loket.attachment a join loket.contact c on c.id = a.contact
 where a.id = any ($2::uuid[])
   and (c.case_id = $1 or c.case_id in (select m.id from loket.case_file m where m.merged_into = $1))
