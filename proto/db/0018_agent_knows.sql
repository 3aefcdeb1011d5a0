-- 0018 rights on a municipality, knowing it and coming from it are three things (routing)

set local search_path = loket;
alter table agent add column knows text[] check (knows <@ municipalities),   -- null: all of municipalities
	add column home text check (home = any (municipalities));
