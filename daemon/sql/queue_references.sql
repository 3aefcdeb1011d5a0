-- queue_references: what Redis does not know of the cases of a page
-- $1 uuid[] cases
-- columns: id, reference, flags
select id, reference, to_jsonb(flags) as flags from loket.case_file where id = any ($1::uuid[])
