-- outside a transaction: nobody may wait for an index of everything that was ever said
drop index concurrently if exists loket.contact_next_release;

create index concurrently contact_next_release on loket.contact (next_release) where next_release is not null;
