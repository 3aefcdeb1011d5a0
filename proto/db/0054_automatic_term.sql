-- 0054 that a term of the law is put off is told to who waits for it, each time
-- contract 0034: checks that now allow more; who knows only the old ones writes only what those allow

set local search_path = loket;

alter table automatic
	drop constraint automatic_kind_check,
	add constraint automatic_kind_check check (kind in ('menu', 'promise', 'preference', 'survey', 'answer', 'term')) not valid,
	drop constraint automatic_check,
	add constraint automatic_check check (n = 0 or kind in ('menu', 'term')) not valid;
