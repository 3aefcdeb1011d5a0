-- 0053 a post whose theme or area a person corrected: what was counted of it (theme_case, theme_hour) is moved by who counts

set local search_path = loket;

create table theme_look (
	id bigint generated always as identity primary key,
	municipality text not null,
	post uuid not null
);
create function theme_looks() returns trigger language plpgsql as $$
begin
	insert into loket.theme_look (municipality, post) values (new.municipality, new.id);
	return null;
end $$;
create trigger theme_looks after update of theme, area on post for each row
	when (new.labelled_by is not null and (old.labelled_by is null or old.theme is distinct from new.theme
	                                       or old.area is distinct from new.area))
	execute function theme_looks();

alter table theme_look enable row level security;
alter table theme_look force row level security;
create policy system on theme_look to loket_system using (true) with check (true);
create policy scope on theme_look for insert to loket_api with check (municipality = any (loket.scope()));
grant select, insert, delete on theme_look to loket_system;
grant insert on theme_look to loket_api;
