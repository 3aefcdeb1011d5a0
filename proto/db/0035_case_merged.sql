-- 0035 the cases that went on in another one: a case is shown with what was said in those
-- outside a transaction: made beside the work
drop index concurrently if exists loket.case_file_merged;

create index concurrently case_file_merged on loket.case_file (merged_into) where merged_into is not null;
