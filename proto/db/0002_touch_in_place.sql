-- 0002 a contact that joins a case changes the row in place
--
-- Every contact moves last_contact_at of its case. While that column was part of an index, each time meant a new entry in
-- all seven indexes of case_file; now the new version of the row stays on its page (HOT), where fillfactor keeps room.
-- Newest first of one party is a sort of a few rows.

set local search_path = loket;
drop index case_file_party;
create index case_file_party on case_file (party);
alter table case_file set (fillfactor = 80);
