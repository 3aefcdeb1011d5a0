-- attachment_next: when to look again
-- columns: ms until the first that waits is due; null when nothing waits
select (extract(epoch from min(next_at) - clock_timestamp()) * 1000)::bigint as ms
  from loket.attachment where state in ('pending', 'quarantined') and holder is null
