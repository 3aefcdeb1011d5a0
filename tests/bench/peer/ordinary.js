// ordinary.js - a WhatsApp post in, a case out, as a good Node team writes it: fastify, a pool of pg, a transaction for each
// message, ioredis. README.md says what it leaves out
'use strict';
const crypto = require('node:crypto');
const fastify = require('fastify');
const { Pool } = require('pg');
const Redis = require('ioredis');
const { env, inboxes, signed, messagesOf, productOf, reference, Tokens } = require('./common');

const pool = new Pool({ max: Number(env.POOL || 20) });       // where it is: PGHOST, PGDATABASE, PGUSER
const redis = new Redis(env.REDIS_SOCKET);
const app = fastify({ logger: false });
const tokens = new Tokens(async (sha) => (await pool.query('select * from token where sha256 = $1', [sha])).rows[0] || null);

async function inTransaction(work) {
	const client = await pool.connect();
	try {
		await client.query('begin');
		const result = await work(client);
		await client.query('commit');
		return result;
	} catch (e) {
		await client.query('rollback');
		throw e;
	} finally {
		client.release();
	}
}

class Seen extends Error {}             // we have this message already: nothing of it happens again

function store(name, inbox, m) {
	return inTransaction(async (client) => {
		const contact = crypto.randomUUID();
		const { rows: [found] } = await client.query(
			`insert into case_file (id, municipality, reference, product, inbox, channel, sender, state, opened_at, due_at, last_contact_at)
			 values ($1, $2, $3, $4, $5, $6, $7, 'queued', now(), now() + interval '4 hours', now())
			 on conflict (inbox, sender) where state <> 'closed' do update set last_contact_at = excluded.last_contact_at
			 returning id, due_at`,
			[crypto.randomUUID(), inbox.municipality, reference(), productOf(m.text), name, inbox.channel, m.sender]);
		const said = await client.query(
			`insert into contact (id, municipality, inbox, channel, kind, provider_id, provider_time, received_at, case_id, sender, name, text)
			 values ($1, $2, $3, $4, $5, $6, $7, now(), $8, $9, $10, $11) on conflict (inbox, provider_id) do nothing`,
			[contact, inbox.municipality, name, inbox.channel, m.kind, m.providerId, m.at, found.id, m.sender, m.name, m.text]);
		if (said.rowCount === 0) {
			throw new Seen();
		}
		await client.query('insert into event (at, municipality, kind, case_id, payload) values (now(), $1, $2, $3, $4)',
			[inbox.municipality, 'contact.received', found.id, { contact: { id: contact, kind: m.kind }, case: { id: found.id } }]);
		return found;
	});
}

app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

app.post('/v1/hooks/:inbox', async (request, reply) => {
	const inbox = inboxes.get(request.params.inbox);
	if (!inbox) {
		return reply.code(404).send();
	}
	if (!signed(inbox, request.body, request.headers['x-hub-signature-256'])) {
		return reply.code(401).send();
	}
	for (const m of messagesOf(JSON.parse(request.body))) {
		let found = null;
		try {
			found = await store(request.params.inbox, inbox, m);
		} catch (e) {
			if (!(e instanceof Seen)) {
				throw e;
			}
		}
		if (found) {
			await redis.zadd('queue', found.due_at.getTime(), found.id);
		}
	}
	return reply.code(200).send();
});

app.get('/v1/cases/:id', async (request, reply) => {
	const who = await tokens.find(request.headers.authorization);
	if (!who) {
		return reply.code(401).send();
	}
	const id = request.params.id;
	const { rows: [found] } = await pool.query('select * from case_file where id = $1 and municipality = any ($2)',
		[id, who.municipalities]);
	if (!found) {
		return reply.code(404).send();
	}
	const [contacts, history] = await Promise.all([
		pool.query('select * from contact where case_id = $1 order by received_at desc limit 200', [id]),
		pool.query('select * from event where case_id = $1 order by id desc limit 200', [id]),
		pool.query('insert into access_log (municipality, token, action, object) values ($1, $2, $3, $4)',
			[found.municipality, who.sha256, 'case.read', id]),
	]);
	return { ...found, contacts: contacts.rows.reverse(), history: history.rows.reverse() };
});

app.listen({ host: '127.0.0.1', port: Number(env.PORT) });
