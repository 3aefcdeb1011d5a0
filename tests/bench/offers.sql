-- offers.sql: on top of work.sql: cases :first to :last, each offered to an agent for a day, with what the citizen said just now
\set ON_ERROR_STOP on
set search_path = loket;
begin;
create temporary table o on commit drop as
select n, bench.id(:now_ms + n, 13, n) as id, bench.party_id(n % :parties) as party, bench.id(:now_ms, 20, 1 + n % :agents) as agent
  from generate_series(:first, :last) n;
insert into case_file (id, municipality, reference, product, party, inbox, channel, state, opened_at, arrived_at, due_at, last_contact_at, epoch)
select id, 'dordrecht', 'OFF-' || n, 'rijbewijs', party, 'dordrecht-whatsapp', 'whatsapp', 'offered', now(), now(),
       now() + interval '4 hours', now(), 1 from o;
insert into contact (id, municipality, inbox, channel, direction, kind, provider_id, provider_time, received_at, case_id, party, addresses, text)
select bench.id(:now_ms + n, 15, n), 'dordrecht', 'dordrecht-whatsapp', 'whatsapp', 'in', 'text', 'wamid.offer' || n, now(), now(), id, party,
       jsonb_build_array(jsonb_build_object('kind', 'phone', 'value', '+31690' || lpad(n::text, 7, '0'))), 'Hoe vraag ik een rijbewijs aan?'
  from o;
insert into offer (id, case_id, municipality, agent, epoch, channel, state, made_at, expires_at)
select bench.id(:now_ms + n, 14, n), id, 'dordrecht', agent, 1, 'whatsapp', 'made', now(), now() + interval '1 day' from o;
commit;
