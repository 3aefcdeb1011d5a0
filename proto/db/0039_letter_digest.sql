-- 0039 what could not be read has no id of its own: when the same bytes come again, it is no second dead letter

set local search_path = loket;

alter table dead_letter add column digest bytea;    -- SHA-256 of the post; null: from before this, or its storing was tried in parts
-- locks: dead letters are few, people look at each of them
create index dead_letter_digest on dead_letter (inbox, digest) where digest is not null;
