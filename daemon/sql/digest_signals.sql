-- digest_signals: what was raised in a period
-- $1 text municipality, $2 timestamptz from, $3 timestamptz until
-- columns: theme, area, department, raisedAt, endedAt, count, expected, hours: of a digest
select nullif(theme, '') as theme, nullif(area, '') as area, department, raised_at as "raisedAt", ended_at as "endedAt", count, expected,
       hours from loket.signal
 where municipality = $1 and raised_at >= $2::timestamptz and raised_at < $3::timestamptz order by raised_at limit 50
