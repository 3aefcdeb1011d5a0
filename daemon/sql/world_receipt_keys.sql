-- world_receipt_keys: what the secrets of receipts are made with, the newest first
-- $1 int how many
-- columns: value
select value from loket.receipt_key order by n desc limit $1
