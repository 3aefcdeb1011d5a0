-- what a straightforward program does per message: three statements in a transaction
\set known random(0, 1)
\set n random(1000000, 9000000000000000)
\if :known
\set k random(1, 1000)
\else
\set k random(1000000, 9000000000000000)
\endif
begin;
insert into loket.contact (id, municipality, inbox, channel, direction, kind, provider_id, provider_time, received_at, case_id,
	name, addresses, text) values (gen_random_uuid(), 'dordrecht', 'dordrecht-whatsapp', 'whatsapp', 'in', 'text',
	'wamid.pgbench.' || :n, now(), now(), md5(:k::text)::uuid, 'Jan Voorbeeld', '[{"kind": "phone", "value": "+31600000009"}]',
	repeat('x', 500));
insert into loket.case_file (id, municipality, reference, product, inbox, channel, state, opened_at, arrived_at, due_at,
	last_contact_at) values (md5(:k::text)::uuid, 'dordrecht', 'BEN-' || :n, 'rijbewijs', 'dordrecht-whatsapp', 'whatsapp',
	'queued', now(), now(), now(), now()) on conflict (id) do update set last_contact_at = excluded.last_contact_at;
insert into loket.notice (at, municipality, kind, case_id, payload) values (now(), 'dordrecht', 'contact.received',
	md5(:k::text)::uuid, '{"contact": {"channel": "whatsapp", "kind": "text"}, "case": {"product": "rijbewijs"}}');
commit;
