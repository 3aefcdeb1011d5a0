-- barrier_time: how long a commit takes to be durable. By itself in its unit
-- columns: took_us
call loket.flush_time(null)
