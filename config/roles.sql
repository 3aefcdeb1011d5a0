-- roles.sql: the three roles and the database; run once by whoever owns the cluster (superuser), harmless to repeat
--
--   psql -d postgres -f config/roles.sql                    database "loket"
--   psql -d postgres -v database=other -f config/roles.sql  another name
--
-- loket_owner owns the database and runs migrations. loket_system does the daemon's own work, loket_api what a
-- token asks for; neither owns a table, so row level security applies to both. Give them passwords, or let
-- pg_hba.conf map the daemon's account to them (peer map), as your site does.
\set ON_ERROR_STOP on
\if :{?database}
\else
\set database loket
\endif

do $$
declare r text;
begin
	foreach r in array array['loket_owner', 'loket_system', 'loket_api'] loop
		if not exists (select from pg_roles where rolname = r) then
			execute format('create role %I login nosuperuser nocreatedb nocreaterole nobypassrls', r);
		end if;
	end loop;
end $$;

-- what a stuck statement may cost
alter role loket_system set statement_timeout = '30s';
alter role loket_system set idle_in_transaction_session_timeout = '30s';
alter role loket_api set statement_timeout = '10s';
alter role loket_api set idle_in_transaction_session_timeout = '10s';

select format('create database %I owner loket_owner encoding ''UTF8'' template template0', :'database')
	where not exists (select from pg_database where datname = :'database') \gexec
select format('revoke all on database %I from public', :'database') \gexec
select format('grant connect on database %I to loket_owner, loket_system, loket_api', :'database') \gexec
