-- event_writers: who is writing notices just now. Ids are drawn when a row is written, and seen when its transaction
-- commits: what is not there below an id may still come, until everybody who wrote at that moment has ended.
-- Transactions lock the table before they draw an id, and until they end
-- $1 text[] of those: who has not ended yet; null: whoever there is
-- columns: writers (text[] as text), n
select array_agg(distinct l.virtualtransaction)::text as writers, count(distinct l.virtualtransaction) as n
  from pg_locks l
 where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.relation = 'loket.notice'::regclass
   and l.database = (select oid from pg_database where datname = current_database()) and l.pid <> pg_backend_pid()
   and ($1::text[] is null or l.virtualtransaction = any ($1::text[]))
