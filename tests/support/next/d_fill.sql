-- outside a transaction: rows of before get their value in batches, so that nobody waits for a row for long
do $$
declare n int;
begin
	loop
		update loket.contact set next_release = 'before' where id in (
			select id from loket.contact where next_release is null limit 500 for update skip locked);
		get diagnostics n = row_count;
		commit;
		exit when n = 0;
	end loop;
end $$;
