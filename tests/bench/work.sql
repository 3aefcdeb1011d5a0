-- work.sql: on top of history.sql: :agents agents, each with a token and three cases in hand, and :waiting cases in the queue
\set ON_ERROR_STOP on
set search_path = loket;
begin;
insert into agent (id, name, role, municipalities, products, languages, channels, room_total)
select bench.id(:now_ms, 20, n), 'Agent ' || n, 'agent', ms, ps, '{nl}', '{whatsapp,webform,email,phone}', 4
  from generate_series(1, :agents) n, (select array_agg(id order by id) as ms from municipality) m,
       (select array_agg(id order by id) as ps from product) p;
insert into token (id, sha256, name, role, agent, municipalities)
select bench.id(:now_ms, 21, n), sha256(convert_to('bench-token-of-agent-' || n, 'UTF8')), 'Agent ' || n, 'agent', bench.id(:now_ms, 20, n), ms
  from generate_series(1, :agents) n, (select array_agg(id order by id) as ms from municipality) m;
insert into case_file (id, municipality, reference, product, inbox, channel, state, opened_at, arrived_at, due_at, last_contact_at)
select bench.id(:now_ms - 3600000 + n, 11, n), ms[1 + n % array_length(ms, 1)], 'QUE-' || n, ps[1 + n / 7 % array_length(ps, 1)],
       ms[1 + n % array_length(ms, 1)] || '-webform', 'webform', 'queued', at, at, at + interval '1 day', at
  from (select n, now() - n * interval '1 second' as at from generate_series(1, :waiting) n) w,
       (select array_agg(id order by id) as ms from municipality) m, (select array_agg(id order by id) as ps from product) p;
insert into case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, arrived_at, due_at, last_contact_at,
	epoch, owner)
select bench.id(:now_ms - 1800000 + n, 12, n), 'dordrecht', 'HEL-' || n, 'rijbewijs', bench.party_id(n), 'dordrecht-whatsapp', 'whatsapp',
       'assigned', now(), now(), now() + interval '4 hours', now(), 1, bench.id(:now_ms, 20, 1 + n % :agents)
  from generate_series(1, 3 * :agents) n;
commit;
