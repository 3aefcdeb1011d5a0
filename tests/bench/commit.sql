-- one row, durable: what a commit takes by itself
insert into public.bench_commit values (now());
