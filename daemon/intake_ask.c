#include "daemon/intake_batch.h"

#include "daemon/server.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"

#include <string.h>

/* ---------------------------------------------------------------- what to ask */

static struct batch_message *message_of(struct batch *b, const char *inbox, const char *provider_id)
{
	const char *key = arena_join(b->op.arena, inbox, "\n", provider_id, NULL);
	struct batch_message *m = map_get(b->by_message, key);

	if (m)
		return m;
	m = arena_new_of(b->op.arena, struct batch_message);
	m->inbox = inbox;
	m->provider_id = provider_id;
	map_put(b->by_message, key, m);
	return b->messages[b->n_messages++] = m;
}

static struct batch_address *address_of(struct batch *b, const char *municipality, const char *kind,
                                        const char *value)
{
	const char *key = arena_join(b->op.arena, municipality, "\n", kind, "\n", value, NULL);
	struct batch_address *a = map_get(b->by_address, key);

	if (a)
		return a;
	a = arena_new_of(b->op.arena, struct batch_address);
	a->municipality = municipality;
	a->kind = kind;
	a->value = value;
	map_put(b->by_address, key, a);
	return b->addresses[b->n_addresses++] = a;
}

static struct batch_message *twin_of(struct batch *b, const struct world_inbox *in, const struct contact *c)
{
	const char *id = c->platform_id ? c->platform_id : in->ops && in->ops->is_platform ? c->provider_id : NULL;
	struct batch_message *m;
	const char *key;

	if (!id || !in->shares_channel)
		return NULL;
	/* no inbox has a "/" in its name */
	key = arena_join(b->op.arena, in->in.municipality, "/", in->in.channel, "\n", id, NULL);
	m = map_get(b->by_message, key);
	if (m)
		return m;
	m = arena_new_of(b->op.arena, struct batch_message);
	m->municipality = in->in.municipality;
	m->channel = in->in.channel;
	m->platform_id = id;
	map_put(b->by_message, key, m);
	return b->twins[b->n_twins++] = m;
}

static void collect_item(struct batch *b, struct batch_post *post, int i)
{
	const struct inbox *in = &post->p->inbox->in;
	struct batch_item *it = &b->items[b->n_items++];
	struct contact *c = &post->p->batch.contacts[i];

	it->post = post;
	it->c = c;
	it->placed = &post->p->placed[i];
	it->self = message_of(b, in->id, c->provider_id);
	it->twin = twin_of(b, post->p->inbox, c);
	it->about = c->reply_to ? message_of(b, in->id, c->reply_to) : NULL;
	if (c->flags & FLAG_SPAM)
		return;   /* what a robot says about who it is is worth nothing */
	for (int a = 0; a < c->n_from; a++)
		it->from[a] = address_of(b, in->municipality, c->from[a].kind, c->from[a].value);
}

void batch_collect(struct batch *b)
{
	struct arena *a = b->op.arena;
	int n = 0;

	for (int p = 0; p < b->n_posts; p++)
		n += b->posts[p].p->batch.n_contacts;
	b->items = arena_array(a, struct batch_item, (size_t)n);
	b->messages = arena_array(a, struct batch_message *, 2 * (size_t)n);
	b->twins = arena_array(a, struct batch_message *, (size_t)n);
	b->addresses = arena_array(a, struct batch_address *, CONTACT_MAX_ADDRESSES * (size_t)n);
	b->by_message = map_new(a, 3 * n);
	b->by_address = map_new(a, CONTACT_MAX_ADDRESSES * n);
	for (int p = 0; p < b->n_posts; p++)
		for (int i = 0; i < b->posts[p].p->batch.n_contacts; i++)
			collect_item(b, &b->posts[p], i);
}

bool batch_has_address(const struct batch *b, const char *municipality, const struct contact_address *a)
{
	for (int i = 0; i < b->n_addresses; i++)
		if (!strcmp(b->addresses[i]->value, a->value) && !strcmp(b->addresses[i]->kind, a->kind) &&
		    !strcmp(b->addresses[i]->municipality, municipality))
			return true;
	return false;
}

enum { ASK_MESSAGES };   /* the first statement of the unit */
enum { ASK_CASES = BATCH_PARTY_CASES + 1 };   /* of a party; one more tells that there are more */

static void ask_messages(const struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_MESSAGES);
	pg_array(u, PG_TYPE_TEXT, b->n_messages);
	for (int i = 0; i < b->n_messages; i++)
		pg_push_text(u, b->messages[i]->inbox);
	pg_array_same(u);
	pg_array(u, PG_TYPE_TEXT, b->n_messages);
	for (int i = 0; i < b->n_messages; i++)
		pg_push_text(u, b->messages[i]->provider_id);
}

static void ask_addresses(const struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_ADDRESSES);
	pg_array(u, PG_TYPE_TEXT, b->n_addresses);
	for (int i = 0; i < b->n_addresses; i++)
		pg_push_text(u, b->addresses[i]->municipality);
	pg_array_same(u);
	pg_array(u, PG_TYPE_TEXT, b->n_addresses);
	for (int i = 0; i < b->n_addresses; i++)
		pg_push_text(u, b->addresses[i]->kind);
	pg_array_same(u);
	pg_array(u, PG_TYPE_TEXT, b->n_addresses);
	for (int i = 0; i < b->n_addresses; i++)
		pg_push_text(u, b->addresses[i]->value);
	pg_int(u, ASK_CASES);
}

/* what a mail says about where it belongs: one row each */
struct reference {
	int item;
	const struct inbox *in;
	const char *kind, *id;
	struct uuid ours;            /* the contact in a message id of ours; nil: none */
};

static struct uuid uuid_of(const char *word)
{
	struct uuid u = { 0 };

	return uuid_parse(word, &u) ? u : (struct uuid){ 0 };
}

static int add_reference(struct reference *list, int n, int item, const struct inbox *in, const char *kind, const char *id)
{
	if (id == NULL)
		return n;
	list[n] = (struct reference){ .item = item, .in = in, .kind = kind, .id = id };
	if (strlen(id) >= UUID_TEXT && id[UUID_TEXT - 1] == '@') {
		char word[UUID_TEXT] = "";

		memcpy(word, id, UUID_TEXT - 1);
		list[n].ours = uuid_of(word);
	}
	return n + 1;
}

/* in the order in which they are believed; the last asks whether an answer to it came earlier */
static int references_of(const struct batch *b, int item, struct reference *list, int n)
{
	const struct contact *c = b->items[item].c;
	const struct inbox *in = &b->items[item].post->p->inbox->in;

	for (int i = 0; i < c->n_references; i++)
		n = add_reference(list, n, item, in, "message", c->references[i]);
	n = add_reference(list, n, item, in, "case", c->case_reference);
	return strcmp(in->channel, "email") ? n : add_reference(list, n, item, in, "answered", jsonx_str(c->fields, "messageId"));
}

#define REFERENCES(type, push, value) \
	do { \
		pg_array(u, type, n); \
		for (int i = 0; i < n; i++) \
			push(u, value); \
	} while (0)

static void ask_threads(const struct batch *b, struct pg_unit *u)
{
	struct reference *list = arena_array(b->op.arena, struct reference,
					     (CONTACT_MAX_REFERENCES + 2) * (size_t)b->n_items);
	int n = 0;

	for (int i = 0; i < b->n_items; i++)
		n = references_of(b, i, list, n);
	pg_add(u, SQL_INTAKE_KNOWN_THREADS);
	REFERENCES(PG_TYPE_INT8, pg_push_int, list[i].item);
	REFERENCES(PG_TYPE_TEXT, pg_push_text, list[i].in->id);
	REFERENCES(PG_TYPE_TEXT, pg_push_text, list[i].in->municipality);
	REFERENCES(PG_TYPE_TEXT, pg_push_text, list[i].kind);
	REFERENCES(PG_TYPE_TEXT, pg_push_text, list[i].id);
	REFERENCES(PG_TYPE_UUID, pg_push_uuid, list[i].ours);
}

static bool has_references(const struct batch *b)
{
	struct reference list[CONTACT_MAX_REFERENCES + 2];

	for (int i = 0; i < b->n_items; i++)
		if (references_of(b, i, list, 0) > 0)
			return true;
	return false;
}

static void ask_twins(const struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_PLATFORMS);
	pg_array(u, PG_TYPE_TEXT, b->n_twins);
	for (int i = 0; i < b->n_twins; i++)
		pg_push_text(u, b->twins[i]->municipality);
	pg_array(u, PG_TYPE_TEXT, b->n_twins);
	for (int i = 0; i < b->n_twins; i++)
		pg_push_text(u, b->twins[i]->channel);
	pg_array(u, PG_TYPE_TEXT, b->n_twins);
	for (int i = 0; i < b->n_twins; i++)
		pg_push_text(u, b->twins[i]->platform_id);
}

static bool names_case(const struct batch_post *post)
{
	return !uuid_is_nil(post->p->into.u);
}

/* one for each post, nil where none is named: the place in the array is that of the post */
static void ask_into(const struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_CASES);
	pg_array(u, PG_TYPE_UUID, b->n_posts);
	for (int i = 0; i < b->n_posts; i++)
		pg_push_uuid(u, b->posts[i].p->into.u);
}

/* what could not be read has no id of its own: the bytes tell whether it came before */
static bool note_digests(struct batch *b)
{
	bool any = false;

	for (int i = 0; i < b->n_posts; i++) {
		const struct intake_post *p = b->posts[i].p;
		uint8_t *digest;

		if (!(p->dead_reason || p->batch.n_unreadable) || p->parts || !uuid_is_nil(p->retry_of))
			continue;
		digest = arena_array(b->op.arena, uint8_t, SHA256_BYTES);
		sha256(p->raw, digest);
		b->posts[i].digest = digest;
		any = true;
	}
	return any;
}

struct bytes batch_digest(const struct batch_post *p)
{
	return (struct bytes){p->digest, p->digest ? SHA256_BYTES : 0};
}

static void ask_letters(const struct batch *b, struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_LETTERS);
	pg_array(u, PG_TYPE_TEXT, b->n_posts);
	for (int i = 0; i < b->n_posts; i++)
		pg_push_text(u, b->posts[i].p->inbox->in.id);
	pg_array(u, PG_TYPE_BYTEA, b->n_posts);
	for (int i = 0; i < b->n_posts; i++)
		pg_push_bytes(u, batch_digest(&b->posts[i]));
}

struct pg_unit *batch_unit(struct batch *b)
{
	struct pg_unit *u = pg_unit(&b->op, b->way, NULL);

	pg_unit_session(u, b->session);
	return u;
}

struct pg_unit *batch_ask(struct batch *b)
{
	struct pg_unit *u;
	bool into = false, letters = note_digests(b);
	int n = 1;

	b->q_addresses = b->q_twins = b->q_into = b->q_letters = b->q_threads = -1;
	if (!b->n_items && !letters)
		return NULL;
	for (int i = 0; i < b->n_posts; i++)
		into |= names_case(&b->posts[i]);
	u = batch_unit(b);
	ask_messages(b, u);
	if (b->n_addresses) {
		ask_addresses(b, u);
		b->q_addresses = n++;
	}
	if (b->n_twins) {
		ask_twins(b, u);
		b->q_twins = n++;
	}
	if (into) {
		ask_into(b, u);
		b->q_into = n++;
	}
	if (letters) {
		ask_letters(b, u);
		b->q_letters = n++;
	}
	if (has_references(b)) {
		ask_threads(b, u);
		b->q_threads = n;
	}
	return u;
}

/* ---------------------------------------------------------------- what came back */

static const char *text(struct batch *b, int q, int row, const char *column)
{
	return arena_str(b->op.arena, pg_get(&b->op, q, row, column));
}

/* a word that this version does not know counts as "none of them" */
static int known(int word, int otherwise)
{
	return word < 0 ? otherwise : word;
}

static struct batch_case *read_case(struct batch *b, int q, int row)
{
	struct batch_case *k = arena_new_of(b->op.arena, struct batch_case);
	const char *outcome = pg_get(&b->op, q, row, "outcome");

	k->id.u = pg_get_uuid(&b->op, q, row, "case_id");
	uuid_format(k->id.u, k->id_text);
	k->municipality = text(b, q, row, "municipality");
	k->inbox = text(b, q, row, "inbox");
	k->channel = text(b, q, row, "channel");
	k->product = text(b, q, row, "product");
	k->language = text(b, q, row, "language");
	k->post = text(b, q, row, "post");
	k->party.u = pg_get_uuid(&b->op, q, row, "party");
	k->state = (enum case_state)known(case_state_from(pg_get(&b->op, q, row, "state")), CASE_CLOSED);
	k->outcome = outcome ? (enum case_outcome)known(case_outcome_from(outcome), OUTCOME_NONE) : OUTCOME_NONE;
	k->closed_us = pg_get_time(&b->op, q, row, "closed_at");
	k->last_contact_us = pg_get_time(&b->op, q, row, "last_contact_at");
	k->arrived_us = pg_get_time(&b->op, q, row, "arrived_at");
	k->due_us = pg_get_time(&b->op, q, row, "due_at");
	k->owner.u = pg_get_uuid(&b->op, q, row, "owner");
	k->epoch = pg_get_int(&b->op, q, row, "epoch");
	k->option0 = pg_get_bool(&b->op, q, row, "option0");
	return k;
}

/* the case in a row, once for the whole batch; NULL when the row has none */
static struct batch_case *case_in(struct batch *b, int q, int row)
{
	const char *id = pg_get(&b->op, q, row, "case_id");
	struct batch_case *k = id ? map_get(b->by_case, id) : NULL;

	if (!id || k)
		return k;
	k = read_case(b, q, row);
	memcpy(k->reference, pg_get(&b->op, q, row, "reference"),
	       strnlen(pg_get(&b->op, q, row, "reference"), sizeof k->reference - 1));
	map_put(b->by_case, k->id_text, k);
	return k;
}

/* asked: the messages of statement q, in the order they were asked in */
static void learn_messages(struct batch *b, int q, struct batch_message **asked)
{
	for (int row = 0; row < pg_rows(&b->op, q); row++) {
		struct batch_message *m = asked[pg_get_int(&b->op, q, row, "n") - 1];

		m->stored = true;
		m->contact.u = pg_get_uuid(&b->op, q, row, "contact");
		m->party.u = pg_get_uuid(&b->op, q, row, "contact_party");
		m->is_public = pg_get_bool(&b->op, q, row, "is_public");
		m->case_text = text(b, q, row, "case_id");
	}
}

static void find_case(struct batch *b, struct batch_message *m)
{
	m->where = m->case_text ? map_get(b->by_case, m->case_text) : NULL;
}

/* of messages that are stored, among the cases that we heard of */
static void find_cases(struct batch *b)
{
	for (int i = 0; i < b->n_messages; i++)
		find_case(b, b->messages[i]);
	for (int i = 0; i < b->n_twins; i++)
		find_case(b, b->twins[i]);
}

static struct batch_party *party_in(struct batch *b, int row)
{
	const char *id = pg_get(&b->op, b->q_addresses, row, "contact_party");
	struct batch_party *p = map_get(b->by_party, id);

	if (p)
		return p;
	p = arena_new_of(b->op.arena, struct batch_party);
	p->id.u = pg_get_uuid(&b->op, b->q_addresses, row, "contact_party");
	map_put(b->by_party, arena_str(b->op.arena, id), p);
	return p;
}

/* the newest first, as many as a contact may join */
static void add_case(struct batch_party *p, struct batch_case *k)
{
	int at = 0;

	for (int i = 0; i < p->n_cases; i++) {
		if (p->cases[i] == k)
			return;
		at += p->cases[i]->last_contact_us >= k->last_contact_us;
	}
	if (at == BATCH_PARTY_CASES)
		return;
	p->n_cases += p->n_cases < BATCH_PARTY_CASES;
	memmove(p->cases + at + 1, p->cases + at, sizeof *p->cases * (size_t)(p->n_cases - at - 1));
	p->cases[at] = k;
}

/* two addresses of one party bring its cases twice */
static void learn_addresses(struct batch *b)
{
	int q = b->q_addresses;

	for (int row = 0; row < pg_rows(&b->op, q); row++) {
		struct batch_address *a = b->addresses[pg_get_int(&b->op, q, row, "n") - 1];
		struct batch_case *k = case_in(b, q, row);

		a->party = party_in(b, row);
		a->proved = pg_get_bool(&b->op, q, row, "proved");
		if (!k)
			continue;
		if (++a->n_cases > a->party->n_cases_before)
			a->party->n_cases_before = a->n_cases;
		if (!pg_get_bool(&b->op, q, row, "merged"))
			add_case(a->party, k);
	}
}

static void learn_into(struct batch *b)
{
	for (int row = 0; row < pg_rows(&b->op, b->q_into); row++)
		b->posts[pg_get_int(&b->op, b->q_into, row, "n") - 1].into = case_in(b, b->q_into, row);
}

static void learn_letters(struct batch *b)
{
	for (int row = 0; row < pg_rows(&b->op, b->q_letters); row++)
		b->posts[pg_get_int(&b->op, b->q_letters, row, "n") - 1].letters_known = true;
}

static void learn_threads(struct batch *b)
{
	for (int row = 0; row < pg_rows(&b->op, b->q_threads); row++) {
		struct batch_item *it = &b->items[pg_get_int(&b->op, b->q_threads, row, "n")];

		if (it->n_threads < BATCH_THREADS)
			it->threads[it->n_threads++] = (struct batch_thread){
				case_in(b, b->q_threads, row), pg_get_bool(&b->op, b->q_threads, row, "proves"),
			};
	}
}

static int rows_of(const struct batch *b, int q)
{
	return q >= 0 ? pg_rows(&b->op, q) : 0;
}

void batch_learn(struct batch *b)
{
	struct arena *a = b->op.arena;
	int n_cases = rows_of(b, ASK_MESSAGES) + rows_of(b, b->q_addresses) + rows_of(b, b->q_twins) +
		      rows_of(b, b->q_into) + rows_of(b, b->q_threads);

	b->by_case = map_new(a, 2 * n_cases);   /* batch_learn_more brings no more than these again */
	b->by_party = map_new(a, b->n_addresses);
	learn_messages(b, ASK_MESSAGES, b->messages);
	if (b->q_twins >= 0)
		learn_messages(b, b->q_twins, b->twins);
	if (b->q_addresses >= 0)
		learn_addresses(b);
	if (b->q_into >= 0)
		learn_into(b);
	if (b->q_letters >= 0)
		learn_letters(b);
	if (b->q_threads >= 0)
		learn_threads(b);
	find_cases(b);
}

/* ---------------------------------------------------------------- what is seldom needed */

static void ask_parties(struct batch *b, struct pg_unit *u, int n)
{
	pg_add(u, SQL_INTAKE_KNOWN_PARTIES);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, b->many[i]->id.u);
	pg_int(u, BATCH_PARTY_CASES);
}

static void ask_cases(struct pg_unit *u, struct batch_message **list, int n)
{
	pg_add(u, SQL_INTAKE_KNOWN_CASES);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, uuid_of(list[i]->case_text));
}

static int cases_missing(struct batch_message **from, int n, struct batch_message **list)
{
	int n_missing = 0;

	for (int i = 0; i < n; i++)
		if (from[i]->case_text && !from[i]->where)
			list[n_missing++] = from[i];
	return n_missing;
}

static bool has_many(const struct batch *b, const struct batch_party *p)
{
	for (int i = 0; i < b->n_many; i++)
		if (b->many[i] == p)
			return true;
	return false;
}

struct pg_unit *batch_ask_more(struct batch *b)
{
	struct arena *a = b->op.arena;
	struct batch_message **list = arena_array(a, struct batch_message *, (size_t)(b->n_messages + b->n_twins));
	int n = cases_missing(b->messages, b->n_messages, list);
	struct pg_unit *u;

	n += cases_missing(b->twins, b->n_twins, list + n);
	b->many = arena_array(a, struct batch_party *, (size_t)b->n_addresses);
	for (int i = 0; i < b->n_addresses; i++)
		if (b->addresses[i]->n_cases == ASK_CASES && !has_many(b, b->addresses[i]->party))
			b->many[b->n_many++] = b->addresses[i]->party;
	if (!n && !b->n_many)
		return NULL;
	u = batch_unit(b);
	if (b->n_many)
		ask_parties(b, u, b->n_many);
	if (n)
		ask_cases(u, list, n);
	b->asked_cases = n > 0;
	return u;
}

static void learn_parties(struct batch *b, int q)
{
	for (int i = 0; i < b->n_many; i++)
		b->many[i]->n_cases = 0;
	for (int row = 0; row < pg_rows(&b->op, q); row++) {
		struct batch_party *p = b->many[pg_get_int(&b->op, q, row, "n") - 1];
		struct batch_case *k = case_in(b, q, row);

		p->n_cases_before = pg_get_int(&b->op, q, row, "n_cases");
		if (k)
			add_case(p, k);
	}
}

void batch_learn_more(struct batch *b)
{
	int q = 0;

	if (b->n_many)
		learn_parties(b, q++);
	for (int row = 0; b->asked_cases && row < pg_rows(&b->op, q); row++)
		case_in(b, q, row);
	find_cases(b);
}
