-- history.sql: what years of contacts leave behind. Cases number :first to :last, counted back from :now_ms; four contacts and a
-- party for each two cases, as the daemon would have written them: closed, their raw bodies forgotten, notices and offers only of the
-- last 30 days. Ids are made of the moment and the number, so that a bench knows them without asking (history.py).
\set ON_ERROR_STOP on
set synchronous_commit = off;
set client_min_messages = warning;
set search_path = loket;
create schema if not exists bench;
select format('create or replace function bench.opened_ms(c bigint) returns bigint language sql immutable parallel safe as
	$$ select %s::bigint - 3600000 - c * 25000 $$', :now_ms) \gexec
create or replace function bench.id(ms bigint, kind int, n bigint) returns uuid language sql immutable parallel safe as
	$$ select (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
create or replace function bench.case_id(c bigint) returns uuid language sql immutable parallel safe as
	$$ select bench.id(bench.opened_ms(c), 1, c) $$;
create or replace function bench.party_id(c bigint) returns uuid language sql immutable parallel safe as
	$$ select bench.id(bench.opened_ms(c / 2 * 2), 2, c / 2) $$;
begin;
create temporary table c on commit drop as
select n, bench.opened_ms(n) as ms, to_timestamp(bench.opened_ms(n) / 1000.0) as at, bench.case_id(n) as id, bench.party_id(n) as party,
       '316' || lpad((n / 2)::text, 9, '0') as phone,
       (array['rijbewijs', 'parkeervergunning', 'uittreksel-brp', 'afspraak', 'melding-openbare-ruimte'])[1 + n % 5] as product,
       ('01900000-0000-7000-8000-' || lpad((1 + n % 17)::text, 12, '0'))::uuid as agent
  from generate_series(:last, :first, -1) n;
insert into party (id, municipality, name, language, created_at)
select party, 'dordrecht', 'Inwoner ' || n / 2, 'nl', at from c where n % 2 = 0;
insert into address (municipality, kind, value, party, created_at)
select 'dordrecht', 'phone', phone, party, at from c where n % 2 = 0;
insert into case_file (id, municipality, reference, product, party, inbox, channel, state, outcome, opened_at, arrived_at, due_at,
	last_contact_at, closed_at, epoch, arm)
select id, 'dordrecht', 'HIS-' || n, product, party, 'dordrecht-whatsapp', 'whatsapp', 'closed', 'solved', at, at, at + interval '4 hours',
       at + interval '3 minutes', at + interval '4 minutes', 1, 'ftf' from c;
insert into raw (id, municipality, inbox, received_at, content_type, n_contacts, body)
select bench.id(ms + 60000 * k, 3 + k, n), 'dordrecht', 'dordrecht-whatsapp', at + k * interval '1 minute', 'application/json', 1,
       null
  from c, unnest('{0,2}'::int[]) k;
insert into contact (id, municipality, inbox, channel, direction, kind, provider_id, provider_time, received_at, case_id, party, name,
	addresses, language, text, delivery, delivery_at, agent, raw)
select bench.id(ms + 60000 * k, 3 + k, n), 'dordrecht', 'dordrecht-whatsapp', 'whatsapp',
       case when k % 2 = 0 then 'in' else 'out' end, 'text', 'wamid.history' || n || '.' || k, at + k * interval '1 minute',
       at + k * interval '1 minute', id, party, case when k % 2 = 0 then 'Inwoner ' || n / 2 end,
       jsonb_build_array(jsonb_build_object('kind', 'phone', 'value', '+' || phone)), 'nl',
       repeat('Goedemiddag, hoe vraag ik een ' || product || ' aan? ', 5), case when k % 2 = 1 then 'read' end,
       case when k % 2 = 1 then at + k * interval '1 minute' end, case when k % 2 = 1 then agent end,
       case when k % 2 = 0 then bench.id(ms + 60000 * k, 3 + k, n) end
  from c, generate_series(0, 3) k;
insert into delivery_report (inbox, provider_id, status, municipality, at, our_id)
select 'dordrecht-whatsapp', 'wamid.history' || n || '.' || k, 'read', 'dordrecht', at + k * interval '1 minute',
       bench.id(ms + 60000 * k, 3 + k, n)
  from c, unnest('{1,3}'::int[]) k;
insert into routing (case_id, municipality, at, policy, rule, chosen, n_considered, candidates, left_out)
select id, 'dordrecht', at, 'ftf', 'skill', agent, 10, '[]', '[]' from c;
insert into outcome (case_id, municipality, product, agent, at, due_at, y)
select id, 'dordrecht', product, case when at > now() - interval '7 days' then agent end, at, at + interval '7 days',
       case when at <= now() - interval '7 days' then true end from c;
insert into access_log (at, municipality, token, agent, action, object_kind, object_id)
select at, 'dordrecht', agent, agent, 'case.read', 'case', id from c;
insert into note (id, municipality, case_id, agent, at, text)
select bench.id(ms, 9, n), 'dordrecht', id, agent, at + interval '4 minutes', 'Uitgelegd hoe het werkt.' from c where n % 3 = 0;
insert into task (id, municipality, case_id, department, action, due, state, created_by, created_at, done_at)
select bench.id(ms, 30, n), 'dordrecht', id, 'burgerzaken', 'Bel terug', at + interval '2 days', 'done', agent, at, at + interval '1 day'
  from c where n % 20 = 0;
insert into callback (id, municipality, case_id, to_kind, to_value, reason, not_before, promised_at, state, created_at, ended_at)
select bench.id(ms, 31, n), 'dordrecht', id, 'phone', phone, 'asked', at, at + interval '1 hour', 'reached', at, at + interval '1 hour'
  from c where n % 40 = 0;
insert into help_request (id, municipality, case_id, party, channel, product, asked_by, asked_at, helped_at, coach, outcome, ended_at)
select bench.id(ms, 32, n), 'dordrecht', id, party, 'whatsapp', product, 'text', at, at + interval '5 minutes', agent, 'doneTogether',
       at + interval '9 minutes' from c where n % 50 = 0;
insert into call (id, municipality, inbox, provider_id, case_id, state, outcome, started_at, ended_at, seen_at)
select bench.id(ms, 3, n), 'dordrecht', 'dordrecht-phone', 'CA' || n, id, 'ended', 'answered', at, at + interval '3 minutes', at from c where n % 10 = 0;
insert into call_event (call, event_id, municipality, kind, at, received_at)
select bench.id(ms, 3, n), k::text, 'dordrecht', 'ended', at, at from c, generate_series(1, 3) k where n % 10 = 0;
insert into post (id, municipality, inbox, channel, case_id, at, state, outcome, done_at, done_by)
select bench.id(ms, 33, n), 'dordrecht', 'dordrecht-facebook', 'facebook', id, at, 'done', 'solved', at, agent from c where n % 25 = 0;
insert into attachment (id, municipality, contact, inbox, kind, media_type, found_type, bytes, sha256, state, next_at)
select bench.id(ms, 34, n), 'dordrecht', bench.id(ms, 3, n), 'dordrecht-whatsapp', 'image', 'image/jpeg', 'image/jpeg', 100000,
       encode(sha256(n::text::bytea), 'hex'), 'stored', at from c where n % 15 = 0;
insert into automatic (id, municipality, case_id, kind, payload, state, at)
select bench.id(ms, 35, n), 'dordrecht', id, 'menu', '{}', 'said', at from c where n % 30 = 0;
insert into dead_letter (id, municipality, inbox, raw, at, reason, state)
select bench.id(ms, 36, n), 'dordrecht', 'dordrecht-whatsapp', bench.id(ms, 3, n), at, 'no JSON', 'solved' from c where n % 500 = 0;
insert into outbox (contact, municipality, inbox, case_id, state, next_at, to_kind, to_value)
select bench.id(ms + 60000 * k, 3 + k, n), 'dordrecht', 'dordrecht-whatsapp', id, 'done', at, 'phone', phone
  from c, unnest('{1,3}'::int[]) k where at > now() - interval '30 days';
insert into offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at, ended_at)
select bench.id(ms, 10, n), id, 'dordrecht', agent, 1, 'whatsapp', 'accepted', at, at + interval '30 seconds', at
  from c where at > now() - interval '30 days';
insert into notice (at, municipality, kind, case_id, agent, payload)
select at + k * interval '1 minute', 'dordrecht', case when k = 4 then 'case.changed' else 'contact.received' end, id, agent,
       json_build_object('contact', json_build_object('id', bench.id(ms + 60000 * k, 3 + k, n), 'kind', 'text'),
                         'case', json_build_object('id', id, 'state', 'closed'))
  from c, generate_series(0, 4) k where at > now() - interval '30 days' order by n desc, k;
commit;
