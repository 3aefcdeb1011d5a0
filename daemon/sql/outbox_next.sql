-- outbox_next: when to look again
-- columns: ms until the first waiting reply is due; null when nothing waits
select (extract(epoch from min(next_at) - clock_timestamp()) * 1000)::bigint as ms
  from loket.outbox where state = 'queued'
