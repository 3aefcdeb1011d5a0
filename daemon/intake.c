#include "daemon/intake.h"

#include "daemon/bots.h"
#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/intake_batch.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/mutant.h"
#include "daemon/server.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"
#include "lib/base/when.h"
#include "lib/core/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INTAKE_MAX_TRIES = 4,
	INTAKE_BATCHES = 3,            /* at once */
	INTAKE_BESIDE = 16,            /* posts that are worth one more; what a batch costs by itself is that of ten */
	INTAKE_MAX_REFUSED = 8,        /* contacts of one post; then its rest is one dead letter */
	BATCH_MAX_ARENA_BYTES = 256 * 1024 * 1024,
	CLASSIFY_ARENA_BYTES = 128 * 1024 * 1024,   /* a few folded copies of all texts of one post */
};
/* a provider's clock may be a day ahead of ours, with a wrong zone */
#define MAX_AHEAD_US (86400 * WHEN_SECOND_US)

TAILQ_HEAD(intake_posts, intake_post);

struct intake {
	struct server *srv;
	struct intake_posts live;       /* not in a batch yet: of who is on the line or in a chat, and typed in by agents */
	struct intake_posts waiting;    /* all others */
	struct arena *scratch;          /* for the time of one classify_all */
	int n_waiting, n_in_flight;     /* posts */
	/* what a batch hears must include what earlier ones store. Behind one whose writes have been sent, on the same
	 * connection, it does, because that keeps the order. Beside any other there are only plain messages of people who
	 * are not in it: on both connections, so on two cores */
	struct batch *batches[INTAKE_BATCHES];
	int n_batches;
	bool starting;                  /* the newest has not taken its posts yet */
};

struct intake *intake_new(struct server *srv)
{
	struct intake *in = must(calloc(1, sizeof *in));

	in->srv = srv;
	in->scratch = arena_new(CLASSIFY_ARENA_BYTES);
	TAILQ_INIT(&in->live);
	TAILQ_INIT(&in->waiting);
	return in;
}

struct intake *intake_free(struct intake *in)
{
	if (in)
		arena_free(in->scratch);
	free(in);
	return NULL;
}

int intake_waiting(const struct intake *in)
{
	return in->n_waiting + in->n_in_flight;
}

/* ---------------------------------------------------------------- what a contact is */

static bool guard_finds_in(const json_t *j)
{
	const char *key;
	char digits[24];
	json_t *v;
	size_t i;

	if (json_is_string(j))
		return guard_finds(json_string_value(j));
	if (json_is_integer(j)) {
		snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
		return guard_finds(digits);
	}
	json_object_foreach((json_t *)j, key, v)
		if (guard_finds_in(v))
			return true;
	json_array_foreach(j, i, v)
		if (guard_finds_in(v))
			return true;
	return false;
}

/* by default rules go for what anybody can send in anybody's name. A provider that knows its senders has spam filters of
 * its own, and there a wrong guess hides a citizen's question while blocking the sender hides one sender */
static bool looks_like_spam(struct arena *a, const struct intake_post *post, const struct contact *c,
                            const struct phrase_words *text)
{
	const struct spam_rules *r = post->inbox->spam;

	return r && (r->always || post->without_proof || !strcmp(post->inbox->in.channel, "email")) &&
	       spam_finds(a, r, c, text);
}

static bool is_blocked(struct arena *a, const struct intake_post *post, const struct contact *c)
{
	for (int i = 0; i < c->n_from; i++)
		if (world_blocked(a, post->world, post->inbox->in.municipality, c->from[i].kind, c->from[i].value,
		                  post->received_us))
			return true;
	return false;
}

/* who changes or takes back what was said before does so, blocked or not */
static void judge(struct arena *a, const struct intake_post *post, struct contact *c, const struct phrase_words *text)
{
	bool blocked = is_blocked(a, post, c);

	if (blocked)
		c->flags |= FLAG_BLOCKED;
	if (contact_opens_case(c) && (blocked || looks_like_spam(a, post, c, text)))
		c->flags |= FLAG_SPAM;
}

/* key 0 of a menu, whatever it is called there: a button or a row of a list that was sent with it */
static bool is_key_zero(const struct contact *c)
{
	const char *choice = c->kind == KIND_CHOICE ? jsonx_str(c->fields, "choice") : NULL;

	return choice && !strcmp(choice, "0");
}

/* a: for the length of this call only */
static void classify(struct arena *a, const struct intake_post *post, int i)
{
	const struct world *w = post->world;
	struct contact *c = &post->batch.contacts[i];
	bool in = c->direction == DIRECTION_IN;
	struct phrase_words text;

	/* not said yet: it would stand last in its case, and keep the time to answer open, for ever */
	if (c->provider_time_us > post->received_us + MAX_AHEAD_US)
		c->provider_time_us = 0;
	phrase_split(a, c->text, &text);
	if (in && uuid_is_nil(post->by.u) && uuid_is_nil(post->into.u))
		judge(a, post, c, &text);
	if (c->product && world_product(w, c->product) < 0)
		c->product = NULL;   /* a form names something we do not have */
	post->placed[i].product = match_product(a, w->match, c, &text, post->inbox->product,
	                                        post->inbox->in.municipality);
	if (c->text && in &&
	    (match_option0(w->match, &text) ||
	     match_own_says(w->own_words[post->inbox->municipality], &text))) {
		post->placed[i].zero_in_words |= !(c->flags & FLAG_OPTION0);
		c->flags |= FLAG_OPTION0;
	}
	if (in && is_key_zero(c))
		c->flags |= FLAG_OPTION0;
	if (c->text && bots_says(c) &&
	    (match_stuck(w->match, &text) || match_own_says(post->inbox->stuck, &text)))
		json_object_set_new(c->fields, "stuck", json_true());
	if (c->text && in && match_formal(w->match, &text, post->placed[i].product))
		c->flags |= FLAG_FORMAL;
	if ((c->text && guard_finds(c->text)) || (c->fields && guard_finds_in(c->fields)))
		c->flags |= FLAG_BSN_MASKED;
}

static void classify_all(struct op *op, const struct intake_post *post)
{
	struct arena *scratch = op->srv->intake->scratch;

	for (int i = 0; i < post->batch.n_contacts; i++) {
		struct contact *c = &post->batch.contacts[i];

		classify(scratch, post, i);
		if (MUTANT("no_unique_key"))
			c->provider_id = arena_printf(op->arena, "%s %lld", c->provider_id, (long long)mono_us());
	}
	arena_reset(scratch);
}

/* ---------------------------------------------------------------- the waiting list */

static void answer(struct intake_post *p, enum intake_result r)
{
	op_wake(p->waiter, r);
}

static bool is_live(const struct intake_post *p)
{
	return world_live(p->world, p->inbox) || !uuid_is_nil(p->by.u);
}

static struct intake_posts *list_of(struct intake *in, const struct intake_post *p)
{
	return is_live(p) ? &in->live : &in->waiting;
}

static struct intake_post *next_post(const struct intake *in)
{
	return TAILQ_EMPTY(&in->live) ? TAILQ_FIRST(&in->waiting) : TAILQ_FIRST(&in->live);
}

static void put_last(struct intake *in, struct intake_post *p)
{
	p->since_us = mono_us();
	TAILQ_INSERT_TAIL(list_of(in, p), p, link);
	in->n_waiting++;
}

static void put_first(struct intake *in, struct intake_post *p)
{
	TAILQ_INSERT_HEAD(list_of(in, p), p, link);
	in->n_waiting++;
}

static int weight(const struct intake_post *p)
{
	return p->batch.n_contacts + p->batch.n_reports + 1;
}

/* who failed in company, or tries a dead letter again, goes alone */
static bool goes_alone(const struct intake_post *p)
{
	return p->tries > 0 || !uuid_is_nil(p->retry_of);
}

/* what is about nothing but its sender: where it goes depends on nothing that others say at this moment. When two
 * addresses turn out to be one person all the same, what guards two instances (intake_party_check, the keys) guards
 * two batches */
static bool is_plain(const struct intake_post *p)
{
	const struct contact *c = p->batch.contacts;

	return p->batch.n_contacts == 1 && p->batch.n_reports == 0 && p->batch.n_unreadable == 0 && !p->dead_reason &&
	       !goes_alone(p) && uuid_is_nil(p->into.u) && uuid_is_nil(p->by.u) && !p->inbox->shares_channel &&
	       c->direction == DIRECTION_IN && c->visibility == VISIBILITY_PRIVATE && contact_opens_case(c) &&
	       c->n_from > 0 && !c->reply_to && c->n_references == 0 && !c->case_reference &&
	       !(c->flags & (FLAG_SPAM | FLAG_BLOCKED)) && strcmp(p->inbox->in.channel, "email") != 0;
}

static bool may_go_beside(const struct intake_post *p, const struct batch *other)
{
	if (!other->plain || !is_plain(p))
		return false;
	for (int i = 0; i < p->batch.contacts[0].n_from; i++)
		if (batch_has_address(other, p->inbox->in.municipality, &p->batch.contacts[0].from[i]))
			return false;
	return true;
}

static bool may_go(const struct intake *in, enum pg_connection way, const struct intake_post *p)
{
	for (int i = 0; i < in->n_batches; i++) {
		const struct batch *b = in->batches[i];

		if (!(b->way == way && b->sent) && !may_go_beside(p, b))
			return false;
	}
	return true;
}

static int n_on(const struct intake *in, enum pg_connection way)
{
	int n = 0;

	for (int i = 0; i < in->n_batches; i++)
		n += in->batches[i]->way == way;
	return n;
}

/* the connection that has the least to do, of those that p may go by; false: not now. PG_SYSTEM is also for all others:
 * by it only what cannot go by PG_INTAKE, or would wait there. Without any, PG_SYSTEM says so */
static bool find_way(const struct intake *in, const struct intake_post *p, enum pg_connection *way)
{
	const struct pg *pg = in->srv->pg;
	bool intake = pg_ready(pg, PG_INTAKE) && may_go(in, PG_INTAKE, p);
	bool system = (pg_ready(pg, PG_SYSTEM) || !pg_ready(pg, PG_INTAKE)) && may_go(in, PG_SYSTEM, p);

	*way = intake && (!system || n_on(in, PG_INTAKE) <= n_on(in, PG_SYSTEM)) ? PG_INTAKE : PG_SYSTEM;
	return intake || system;
}

static void take_posts(struct intake *in, struct batch *b, int max)
{
	struct intake_post *p;
	size_t n_bytes = 0;
	int n = 0;

	b->posts = arena_array(b->op.arena, struct batch_post, (size_t)max);
	while (b->n_posts < max && (p = next_post(in))) {
		n += weight(p);
		n_bytes += p->raw.len;
		if (b->n_posts && (goes_alone(p) || n > BATCH_MAX_CONTACTS || n_bytes > BATCH_MAX_RAW_BYTES))
			return;
		if (!may_go(in, b->way, p))     /* nobody overtakes it either */
			return;
		b->plain = (b->n_posts == 0 || b->plain) && is_plain(p);
		TAILQ_REMOVE(list_of(in, p), p, link);
		in->n_waiting--;
		in->n_in_flight++;
		b->posts[b->n_posts++].p = p;
		if (goes_alone(p))
			return;
	}
}

/* ---------------------------------------------------------------- a batch */

enum batch_state { BATCH_NEW, BATCH_ASKED, BATCH_ASKED_MORE, BATCH_COMMITTED, BATCH_DURABLE };

static const struct op_kind batch_kind;

/* a small batch beside a large one costs more than it gives: what waits is as much as that, or enough, or live */
static bool is_worth_it(const struct intake *in)
{
	int n = in->n_batches ? in->batches[0]->n_posts : 0;

	return in->n_batches < INTAKE_BATCHES &&
	       (!TAILQ_EMPTY(&in->live) || in->n_waiting >= (n < INTAKE_BESIDE ? n : INTAKE_BESIDE));
}

/* what arrived while a commit was under way is the next batch; with nothing under way nothing waits */
static void start_batch(struct intake *in)
{
	enum pg_connection way;
	struct batch *b;

	if (in->starting || !in->n_waiting || !is_worth_it(in) || !find_way(in, next_post(in), &way))
		return;
	in->starting = true;
	b = (struct batch *)op_new(in->srv, &batch_kind, sizeof *b);
	b->way = way;
	b->op.first = true;
	op_start(&b->op);
}

/* the next one may go behind it */
static void sent_all(struct intake *in, struct batch *b)
{
	b->sent = true;
	start_batch(in);
}

static void answer_all(struct batch *b, enum intake_result r)
{
	struct intake *in = b->op.srv->intake;

	for (int i = 0; i < b->n_posts; i++) {
		in->n_in_flight--;
		answer(b->posts[i].p, r);
	}
	b->n_posts = 0;
}

/* a post that goes part by part: what it holds, and of its contacts those that go now */
struct intake_parts {
	struct channel_batch whole;
	struct intake_placed *placed;
	int from, n;
	int n_refused;
};

static void set_part(struct intake_post *p, int from, int n)
{
	struct intake_parts *s = p->parts;

	s->from = from;
	s->n = n;
	p->batch = (struct channel_batch){ .contacts = s->whole.contacts + from, .n_contacts = n };
	p->placed = s->placed + from;
	p->dead_reason = NULL;
	p->tries = 1;
}

/* begins with what is not a contact: reports, and what could not be read */
static void start_parts(struct intake_post *p)
{
	struct intake_parts *s = p->parts = arena_new_of(p->waiter->arena, struct intake_parts);

	s->whole = p->batch;
	s->placed = p->placed;
	set_part(p, 0, 0);
	p->batch = s->whole;
	p->batch.n_contacts = 0;
}

/* the part was stored, as contacts or as a dead letter; false when it was the last */
static bool next_part(struct intake_post *p)
{
	struct intake_parts *s = p->parts;
	int done = s ? s->from + s->n : 0, left = s ? s->whole.n_contacts - done : 0;

	if (left > 0) {
		set_part(p, done, !s->n ? left : 2 * s->n < left ? 2 * s->n : left);
		return true;
	}
	if (s) {
		p->batch = s->whole;
		p->placed = s->placed;
		p->dead_reason = NULL;
	}
	return false;
}

static void answer_stored(struct batch *b)
{
	struct intake *in = b->op.srv->intake;

	for (int i = b->n_posts - 1; i >= 0; i--) {
		struct intake_post *p = b->posts[i].p;

		in->n_in_flight--;
		if (next_part(p))
			put_first(in, p);
		else
			answer(p, b->posts[i].n_new ? INTAKE_STORED : INTAKE_DUPLICATE);
	}
	b->n_posts = 0;
}

/* another instance was quicker, or stood in the way: the next try sees what it did */
static bool worth_a_try(const struct err *e)
{
	return err_is_refusal(e) || err_sqlstate_class(e, "40");
}

/* false when what was refused is one thing already */
static bool smaller_part(struct intake_post *p)
{
	struct intake_parts *s = p->parts;

	if (!s && p->batch.n_contacts > 1)
		start_parts(p);
	else if (s && s->n > 1 && s->n_refused < INTAKE_MAX_REFUSED)
		set_part(p, s->from, s->n / 2);
	else
		return false;
	return true;
}

/* what cannot be stored as contacts is kept as bytes, for people to look at */
static bool make_dead_letter(struct batch *b, struct intake_post *p)
{
	if (p->dead_reason || !uuid_is_nil(p->retry_of) || !err_is_refusal(&b->op.err))
		return false;
	if (smaller_part(p))
		return true;
	if (p->parts && ++p->parts->n_refused == INTAKE_MAX_REFUSED)
		p->parts->n = p->parts->whole.n_contacts - p->parts->from;
	log_event(LOG_ERROR, "intake.not_storable", "inbox=%s sqlstate=%s", p->inbox->in.id, b->op.err.sqlstate);
	p->dead_reason = "the database refused what was read from it";
	p->batch.n_contacts = p->batch.n_reports = p->batch.n_unreadable = 0;
	p->tries = 0;
	return true;
}

/* the batch kept nothing. Send its posts again one by one: then a bad one hurts only itself */
static void try_again(struct batch *b)
{
	struct intake *in = b->op.srv->intake;

	CRASH("intake.again");
	metric_add(M_BATCH_RETRIES, 1);
	for (int i = b->n_posts - 1; i >= 0; i--) {
		struct intake_post *p = b->posts[i].p;

		in->n_in_flight--;
		if (++p->tries < INTAKE_MAX_TRIES || make_dead_letter(b, p))
			put_first(in, p);
		else
			answer(p, err_sqlstate_class(&b->op.err, "40") ? INTAKE_UNAVAILABLE : INTAKE_FAILED);
	}
	b->n_posts = 0;
}

static enum op_status batch_failed(struct batch *b)
{
	if (worth_a_try(&b->op.err))
		try_again(b);
	else if (b->op.err.kind == ERR_PG && !err_is_passing(&b->op.err))
		answer_all(b, INTAKE_FAILED);
	else
		answer_all(b, INTAKE_UNAVAILABLE);   /* unknown outcome, or not now: never 2xx */
	return OP_FAIL;
}

static enum op_status send_writes(struct batch *b)
{
	enum op_status s = OP_DONE;
	struct pg_unit *u;

	batch_place(b);
	batch_make_notices(b);
	u = batch_write(b);
	if (u)
		s = pg_submit(&b->op, BATCH_COMMITTED, u);
	else
		answer_stored(b);   /* all of it was here already */
	CRASH("intake.written");
	if (MUTANT("answer_before_commit") && u) {
		answer_stored(b);
		b->plain = false;   /* the addresses in it went with the posts */
	}
	sent_all(b->op.srv->intake, b);
	return s;
}

static enum op_status asked_in_vain(struct batch *b)
{
	enum op_status s = batch_failed(b);

	sent_all(b->op.srv->intake, b);
	return s;
}

static enum op_status batch_stored(struct batch *b)
{
	batch_tell(b);
	CRASH("intake.told");
	answer_stored(b);
	return OP_DONE;
}

/* others need not look at it any more: what it stored is there to be seen */
static void leave(struct intake *in, const struct batch *b)
{
	for (int i = 0; i < in->n_batches; i++)
		if (in->batches[i] == b)
			in->batches[i] = in->batches[--in->n_batches];
	start_batch(in);
}

static enum op_status batch_step(struct op *op)
{
	struct batch *b = (struct batch *)op;
	struct intake *in = op->srv->intake;
	struct pg_unit *u;

	switch ((enum batch_state)op->state) {
	case BATCH_NEW:
		take_posts(in, b, op->srv->config->batch_max);
		in->starting = false;
		if (!b->n_posts)        /* who stands first by now cannot go by this connection */
			return OP_DONE;
		b->now_us = now_us();
		CRASH("intake.taken");
		batch_collect(b);
		in->batches[in->n_batches++] = b;
		b->session = pg_session(op->srv->pg, b->way);
		u = batch_ask(b);
		return u ? pg_submit(op, BATCH_ASKED, u) : send_writes(b);

	case BATCH_ASKED:
		if (pg_failed(op))
			return asked_in_vain(b);
		CRASH("intake.asked");
		batch_learn(b);
		u = batch_ask_more(b);
		return u ? pg_submit(op, BATCH_ASKED_MORE, u) : send_writes(b);

	case BATCH_ASKED_MORE:
		if (pg_failed(op))
			return asked_in_vain(b);
		batch_learn_more(b);
		return send_writes(b);

	case BATCH_COMMITTED:
		if (pg_failed(op))
			return batch_failed(b);
		CRASH("intake.committed");
		if (b->ticket.session && !MUTANT("no_barrier")) {
			leave(in, b);
			return barrier_wait(op, BATCH_DURABLE, &b->ticket);
		}
		return batch_stored(b);

	case BATCH_DURABLE:
		if (op->result) {
			err_set(&op->err, ERR_LOST, "committed, and nobody knows whether for good");
			answer_all(b, INTAKE_UNAVAILABLE);
			return OP_FAIL;
		}
		return batch_stored(b);
	}
	return op_bad_state(op);
}

static void batch_done(struct op *op, enum op_status how)
{
	(void)how;
	leave(op->srv->intake, (struct batch *)op);
}

static const struct op_kind batch_kind = {
	.name = "intake.batch",
	.step = batch_step,
	.done = batch_done,
	.max_arena_bytes = BATCH_MAX_ARENA_BYTES,
};

/* ---------------------------------------------------------------- the way in */

bool intake_late(const struct intake *in)
{
	const struct intake_post *p = TAILQ_FIRST(&in->waiting);

	return intake_waiting(in) >= INTAKE_MAX_BULK || (p && mono_us() - p->since_us > INTAKE_LATE_MS * INT64_C(1000));
}

static bool has_room(const struct intake *in, const struct intake_post *p)
{
	return is_live(p) ? intake_waiting(in) < INTAKE_MAX_WAITING : !intake_late(in);
}

enum op_status intake_store(struct op *op, int next_state, struct intake_post *post)
{
	struct intake *in = op->srv->intake;
	enum op_status s = op_wait(op, next_state);
	struct err err = { 0 };

	post->waiter = op;
	post->placed = arena_array(op->arena, struct intake_placed, (size_t)post->batch.n_contacts);
	classify_all(op, post);
	if (!has_room(in, post)) {
		metric_add(M_REFUSED_INTAKE, 1);
		answer(post, INTAKE_UNAVAILABLE);
		return s;
	}
	if (intake_files(op->srv, op->arena, &post->batch, &err)) {
		log_event(LOG_ERROR, "intake.file", "inbox=%s why=%s", post->inbox->in.id, err.text);
		answer(post, INTAKE_UNAVAILABLE);
		return s;
	}
	CRASH("intake.waits");
	put_last(in, post);
	start_batch(in);
	return s;
}
