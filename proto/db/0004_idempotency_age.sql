-- 0004 old idempotency keys are found by an index, since the sweep looks every few seconds

create index idempotency_age on loket.idempotency (started_at);
