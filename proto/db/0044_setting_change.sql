-- 0044 every change of what is set up is kept, with who and when; texts of a region hold for its municipalities
-- locks: four small tables of set-up, for a moment

set local search_path = loket;

create table setting_change (
	id bigint generated always as identity primary key,
	at timestamptz not null,
	municipality text,                     -- null: of a region, or of all
	kind text not null,                    -- municipality region product norm
	object text not null,                  -- its id; of a norm the channel's
	token uuid,                            -- null: not by the API
	agent uuid,
	before jsonb not null,                 -- what changed, and nothing else; of settings each by itself: "settings.hours"
	after jsonb not null
);

create function settings_apart(j jsonb) returns jsonb language sql immutable as $$
	select (j - 'settings') || coalesce((select jsonb_object_agg('settings.' || key, value) from jsonb_each(j -> 'settings')), '{}')
$$;

-- whoever changed it, and by whichever statement
create function setting_changed() returns trigger language plpgsql as $$
declare
	b jsonb := case when tg_op = 'INSERT' then '{}' else loket.settings_apart(to_jsonb(old)) end;
	a jsonb := case when tg_op = 'DELETE' then '{}' else loket.settings_apart(to_jsonb(new)) end;
	object text := coalesce(case when tg_op = 'DELETE' then old.id else new.id end, '');
	was jsonb := coalesce((select jsonb_object_agg(key, value) from jsonb_each(b) where value is distinct from a -> key), '{}');
	now_is jsonb := coalesce((select jsonb_object_agg(key, value) from jsonb_each(a) where value is distinct from b -> key), '{}');
begin
	if was <> '{}' or now_is <> '{}' then
		insert into loket.setting_change (at, municipality, kind, object, token, agent, before, after)
		values (clock_timestamp(), case tg_argv[0] when 'municipality' then object end, tg_argv[0], object,
		        nullif(current_setting('loket.token', true), '')::uuid, nullif(current_setting('loket.agent', true), '')::uuid,
		        was, now_is);
	end if;
	return null;
end $$;
create trigger setting_changed after insert or update or delete on municipality
	for each row execute function setting_changed('municipality');
create trigger setting_changed after insert or update or delete on region for each row execute function setting_changed('region');
create trigger setting_changed after insert or update or delete on product for each row execute function setting_changed('product');
create trigger setting_changed after insert or update or delete on channel for each row execute function setting_changed('norm');

alter table setting_change enable row level security;
alter table setting_change force row level security;
create policy system on setting_change to loket_system using (true) with check (true);
create policy scope on setting_change to loket_api
	using (case when municipality is not null then municipality = any (loket.scope())
	            when kind = 'region' then exists (select from loket.region r where r.id = object)
	            else loket.scope() is not null end)
	with check (case when municipality is not null then municipality = any (loket.scope()) else loket.scope() is not null end);
grant select, insert, update, delete on setting_change to loket_system;
grant select, insert on setting_change to loket_api;

-- settings of a municipality with the texts of its region under its own
create function settings_of(of_region text, own jsonb) returns jsonb language plpgsql stable parallel safe as $$
declare
	theirs jsonb := (select r.settings -> 'texts' from loket.region r where r.id = of_region);
begin
	if theirs is null then
		return own;
	end if;
	return own || jsonb_build_object('texts', (
		select coalesce(jsonb_object_agg(l, coalesce(theirs -> l, '{}') || coalesce(own -> 'texts' -> l, '{}')), '{}')
		  from (select jsonb_object_keys(theirs) union select jsonb_object_keys(coalesce(own -> 'texts', '{}'))) k (l)));
end $$;
