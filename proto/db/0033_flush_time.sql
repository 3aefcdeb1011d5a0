-- 0033 how long PostgreSQL takes to make a commit durable, measured there: a busy loketd would measure itself (daemon/barrier.h)
--
-- For a call by itself, not in a transaction. What it commits is an empty message in the log, which nobody reads.

set local search_path = loket;
create procedure flush_time(inout took_us bigint) language plpgsql as $$
declare
	began timestamptz;
begin
	perform pg_logical_emit_message(true, 'loketd', '');
	began := clock_timestamp();
	commit;
	took_us := 1000000 * extract(epoch from clock_timestamp() - began);
end $$;
