// common.js - what both have in common: settings, signature, tokens, and what a WhatsApp post says
'use strict';
const crypto = require('node:crypto');

const env = process.env;
const inboxes = new Map([[env.INBOX, { municipality: 'dordrecht', channel: 'whatsapp', secret: env.SECRET }]]);

function signed(inbox, body, header) {
	const mine = crypto.createHmac('sha256', inbox.secret).update(body).digest();
	const theirs = Buffer.from(String(header || '').replace(/^sha256=/, ''), 'hex');
	return theirs.length === mine.length && crypto.timingSafeEqual(mine, theirs);
}

// the messages of a post of the Cloud API, as rows want them
function messagesOf(post) {
	const found = [];
	for (const entry of post.entry || []) {
		for (const { value } of entry.changes || []) {
			const names = new Map((value.contacts || []).map((c) => [c.wa_id, c.profile && c.profile.name]));
			for (const m of value.messages || []) {
				found.push({
					providerId: m.id, kind: m.type, sender: m.from, name: names.get(m.from) || null,
					at: new Date(Number(m.timestamp) * 1000), text: m.text ? m.text.body : null,
				});
			}
		}
	}
	return found;
}

// the product is the first of these words that the message holds
const PRODUCTS = ['rijbewijs', 'parkeervergunning', 'paspoort', 'verhuizing', 'uittreksel', 'huwelijk', 'afspraak'];

function productOf(text) {
	const t = (text || '').toLowerCase();
	return PRODUCTS.find((p) => t.includes(p)) || 'algemeen';
}

function reference() {
	const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
	const some = Array.from(crypto.randomBytes(8), (b) => digits[b % 32]).join('');
	return `DOR-${some.slice(0, 4)}-${some.slice(4)}`;
}

// tokens are kept by their digest, and for five seconds in memory
class Tokens {
	constructor(look) {
		this.look = look;
		this.known = new Map();
	}

	async find(header) {
		const token = /^Bearer (\S+)$/i.exec(header || '');
		if (!token) {
			return null;
		}
		const sha = crypto.createHash('sha256').update(token[1]).digest('hex');
		let found = this.known.get(sha);
		if (!found || found.until < Date.now()) {
			found = { who: await this.look(sha), until: Date.now() + 5000 };
			this.known.set(sha, found);
		}
		return found.who;
	}
}

module.exports = { env, inboxes, signed, messagesOf, productOf, reference, Tokens };
