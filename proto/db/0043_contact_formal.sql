-- 0043 formal messages, a few of each hundred, so that who writes receipts finds them
-- outside a transaction: it is made beside the work
drop index concurrently if exists loket.contact_formal;

create index concurrently contact_formal on loket.contact (received_at) where direction = 'in' and flags @> '{formal}';
