// tuned.js - the same job where somebody who knows both Node and PostgreSQL looked for what costs: leaner tables, one prepared
// statement for each request, JSON made by PostgreSQL, Redis not waited for
'use strict';
const fastify = require('fastify');
const { Pool } = require('pg');
const Redis = require('ioredis');
const { env, inboxes, signed, messagesOf, productOf, reference, Tokens } = require('./common');

const pool = new Pool({ max: Number(env.POOL || 20) });
const redis = new Redis(env.REDIS_SOCKET, { enableAutoPipelining: true });
const app = fastify({ logger: false });
const tokens = new Tokens(async (sha) => (await pool.query('select * from token where sha256 = $1', [sha])).rows[0] || null);

const STORE = {
	name: 'store',
	text: `with found as (
			insert into case_file (reference, product, inbox, sender, state, opened_at, due_at, last_contact_at)
			select $1, $2, $3, $4, 'queued', now(), now() + interval '4 hours', now()
			 where not exists (select from contact where provider_id = $5 and inbox = $3)
			on conflict (sender, inbox) where state <> 'closed' do update set last_contact_at = excluded.last_contact_at
			returning id, due_at),
		said as (
			insert into contact (provider_id, inbox, kind, provider_time, received_at, case_id, name, text)
			select $5, $3, $6, $7, now(), id, $8, $9 from found),
		told as (
			insert into event (at, kind, case_id, contact) select now(), 'contact.received', id, $5 from found)
		select id, due_at from found`,
};

const READ = {
	name: 'read',
	text: `with found as (
			select c.*, i.municipality from case_file c join inbox i on i.id = c.inbox
			 where c.id = $1 and i.municipality = any ($2)),
		noted as (
			insert into access_log (municipality, token, action, object) select municipality, $3, 'case.read', id from found)
		select to_jsonb(f) || jsonb_build_object(
			'contacts', (select coalesce(jsonb_agg(to_jsonb(c) order by c.received_at), '[]')
			               from (select * from contact where case_id = f.id order by received_at desc limit 200) c),
			'history', (select coalesce(jsonb_agg(to_jsonb(e) order by e.id), '[]')
			              from (select * from event where case_id = f.id order by id desc limit 200) e)) as body
		  from found f`,
};

app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

app.post('/v1/hooks/:inbox', async (request, reply) => {
	const name = request.params.inbox;
	const inbox = inboxes.get(name);
	if (!inbox) {
		return reply.code(404).send();
	}
	if (!signed(inbox, request.body, request.headers['x-hub-signature-256'])) {
		return reply.code(401).send();
	}
	for (const m of messagesOf(JSON.parse(request.body))) {
		try {
			const { rows: [found] } = await pool.query({
				...STORE,
				values: [reference(), productOf(m.text), name, m.sender, m.providerId, m.kind, m.at, m.name, m.text],
			});
			if (found) {
				redis.zadd('queue', found.due_at.getTime(), found.id).catch(() => {});   // a sweep would find it
			}
		} catch (e) {
			if (e.code !== '23505') {
				throw e;
			}
		}
	}
	return reply.code(200).send();
});

app.get('/v1/cases/:id', async (request, reply) => {
	const who = await tokens.find(request.headers.authorization);
	if (!who) {
		return reply.code(401).send();
	}
	const { rows: [found] } = await pool.query({ ...READ, values: [request.params.id, who.municipalities, who.sha256] });
	return found ? reply.type('application/json').send(JSON.stringify(found.body)) : reply.code(404).send();
});

app.listen({ host: '127.0.0.1', port: Number(env.PORT) });
