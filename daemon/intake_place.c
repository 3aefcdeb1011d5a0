#include "daemon/intake_batch.h"

#include "daemon/bots.h"
#include "daemon/config.h"
#include "daemon/flood.h"
#include "daemon/server.h"
#include "lib/base/when.h"
#include "lib/base/jsonx.h"
#include "lib/core/help.h"
#include "lib/core/texts.h"

#include <string.h>

/* ---------------------------------------------------------------- who */

/* may an address become one more of a party we know? Only when somebody vouches for it: the provider of a
 * conversation, or the agent who speaks with them. What a form says about itself proves nothing */
static bool vouched_for(const struct batch_item *it)
{
	return it->post->p->inbox->conversational || !uuid_is_nil(it->post->p->by.u);
}

static bool proves_one(const struct batch_item *it)
{
	/* a number that changed hands may have been somebody else's before: that is for people */
	if (!it->from[0] || !vouched_for(it) || it->c->kind == KIND_SYSTEM)
		return false;
	for (int i = 1; i < it->c->n_from; i++)
		if (it->from[i]->proved && it->from[0]->proved && it->from[i]->party != it->from[0]->party)
			return true;
	return false;
}

static struct batch_party *new_party(struct batch *b, const struct batch_item *it)
{
	struct batch_party *p = arena_new_of(b->op.arena, struct batch_party);

	p->id.u = server_uuid(b->op.srv);
	p->is_new = true;
	p->municipality = it->post->p->inbox->in.municipality;
	p->name = it->c->name;
	p->language = it->c->language;
	return b->parties[b->n_parties++] = p;
}

static void take_address(struct batch *b, struct batch_address *a, struct batch_party *p, bool proved)
{
	if (a->party)
		return;   /* somebody's already: two parties are never made one by guess (by proof: identity.h) */
	a->party = p;
	a->proved = proved;
	a->is_new = true;
	b->n_new_addresses++;
}

/* also when the provider tells of a new number: the new address comes with the old one, which says whose it is */
static struct batch_party *party_for(struct batch *b, const struct batch_item *it)
{
	struct batch_party *p = NULL;

	if (!it->from[0])
		return NULL;
	for (int i = 0; i < it->c->n_from && !p; i++)
		p = it->from[i]->party;
	if (!p)
		p = new_party(b, it);
	if (p->is_new || vouched_for(it))
		for (int i = 0; i < it->c->n_from; i++)
			take_address(b, it->from[i], p, vouched_for(it));
	return p;
}

/* ---------------------------------------------------------------- which case */

static int64_t norm_us(const struct batch_item *it, bool option0)
{
	const struct world_inbox *in = it->post->p->inbox;
	const struct world *w = it->post->p->world;
	enum norm_kind kind =
		world_norm_kind(w, in->municipality, it->placed->product, it->c->flags & FLAG_FORMAL);

	return world_norm_s(w, in->municipality, in->channel, kind, option0) * WHEN_SECOND_US;
}

void intake_reference(const char *municipality, char out[INTAKE_REFERENCE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t r[8];
	int n = 0;

	for (const char *s = municipality; *s && n < 3; s++)
		if (*s >= 'a' && *s <= 'z')
			out[n++] = (char)(*s - 'a' + 'A');
	random_bytes(r, sizeof r);
	for (int i = 0; i < 8; i++) {
		if (i % 4 == 0)
			out[n++] = '-';
		out[n++] = digits[r[i] % 32];
	}
	out[n] = '\0';
}

static bool has_option0(const struct batch_item *it)
{
	return it->c->flags & FLAG_OPTION0;
}

static bool is_public(const struct batch_item *it)
{
	return it->c->visibility == VISIBILITY_PUBLIC;
}

static bool is_flood(const struct batch_item *it)
{
	return it->c->flags & FLAG_FLOOD;
}

/* a caller who has to choose first waits for nobody yet: the call says when (calls.c) */
static bool begins_in_menu(const struct batch_item *it)
{
	const struct intake_post *p = it->post->p;
	enum call_event_kind kind = p->batch.n_calls ? p->batch.calls->kind : N_CALL_EVENTS;

	return p->inbox->menu && !has_option0(it) &&
	       (kind == CALL_EV_RINGING || kind == CALL_EV_KEY || kind == CALL_EV_ASK);
}

static struct batch_case *new_case(struct batch *b, const struct batch_item *it)
{
	const struct intake_post *p = it->post->p;
	struct batch_case *k = arena_new_of(b->op.arena, struct batch_case);

	k->id.u = server_uuid(b->op.srv);
	uuid_format(k->id.u, k->id_text);
	intake_reference(p->inbox->in.municipality, k->reference);
	k->municipality = p->inbox->in.municipality;
	k->inbox = p->inbox->in.id;
	k->channel = p->inbox->in.channel;
	k->product = it->placed->product;
	k->language = it->c->language ? it->c->language : "nl";
	k->is_new = true;
	k->post = contact_post(it->c);
	k->state = is_public(it) ? CASE_TRIAGE : begins_in_menu(it) ? CASE_SCHEDULED : CASE_QUEUED;
	k->arrived_us = k->last_contact_us = p->received_us;
	k->due_us = p->received_us + norm_us(it, has_option0(it));
	k->option0 = has_option0(it);
	if (it->party)
		k->party = it->party->id;
	b->cases[b->n_cases++] = k;
	return k;
}

static struct batch_case *spam_case(struct batch *b, const struct batch_item *it)
{
	struct batch_case *k = new_case(b, it);

	k->state = CASE_CLOSED;
	k->outcome = OUTCOME_SPAM;
	k->closed_us = it->post->p->received_us;
	k->flags = FLAG_SPAM;
	return k;
}

/* the agent who types it in is talking to the citizen now */
static void give_to(struct batch_case *k, struct agent_id agent)
{
	k->state = CASE_ASSIGNED;
	k->owner = agent;
	k->epoch = 1;
}

/* option 0 is for a coach, whoever typed it in (H6) */
static bool may_have(const struct batch_item *it)
{
	const struct intake_post *p = it->post->p;
	const struct world_agent *by = uuid_is_nil(p->by.u) ? NULL : world_agent(p->world, p->by);

	return !uuid_is_nil(p->by.u) && (!has_option0(it) || (by && by->base.coach));
}

static void remember_case(struct batch *b, struct batch_party *p, struct batch_case *k)
{
	if (!p)
		return;
	if (!p->is_new && !p->gets_case)
		b->openers[b->n_openers++] = p;
	p->gets_case = true;
	if (p->n_cases == BATCH_PARTY_CASES)   /* the oldest goes: they came newest first */
		p->n_cases--;
	memmove(p->cases + 1, p->cases, sizeof *p->cases * (size_t)p->n_cases);
	p->cases[0] = k;
	p->n_cases++;
}

static bool same_party(const struct batch_item *it, struct party_id other)
{
	return it->party && uuid_same(it->party->id.u, other.u);
}

static bool opens_case(const struct batch_item *it)
{
	const struct contact *c = it->c;

	if (contact_opens_case(c))
		return true;
	/* an edit of a message that never came is the only thing we have of it */
	return c->kind == KIND_EDIT && c->direction == DIRECTION_IN && c->text &&
	       !(it->about && it->about->stored);
}

/* said in public under what was closed a short time ago: some providers name no root post, only what is answered */
static bool goes_on(const struct batch_item *it, const struct batch_case *k)
{
	return is_public(it) && k->post && k->outcome != OUTCOME_SPAM &&
	       it->post->p->received_us - k->closed_us < MATCH_REOPEN_DAYS * 86400 * WHEN_SECOND_US;
}

/* the case of the message that this one answers, edits or reacts to; a closed one only when nothing is asked */
static struct batch_case *case_of_about(const struct batch_item *it, bool opens)
{
	struct batch_message *m = it->about;

	if (!m || !m->where || !same_party(it, m->where->party))
		return NULL;
	return m->where->state != CASE_CLOSED || !opens || goes_on(it, m->where) ? m->where : NULL;
}

/* the case of the thread: for who has it, and for everybody who answers a message of ours, since only who got that
 * knows its id. What is asked about a case that was closed long ago is another question */
static struct batch_case *case_of_thread(const struct batch_item *it, bool opens)
{
	for (int i = 0; i < it->n_threads; i++) {
		struct batch_case *k = it->threads[i].where;
		bool recent = it->post->p->received_us - k->closed_us < MATCH_REOPEN_DAYS * 86400 * WHEN_SECOND_US;

		if (k->post || !(it->threads[i].proves || same_party(it, k->party)))
			continue;
		if (opens && k->state == CASE_CLOSED && (!recent || k->outcome == OUTCOME_SPAM))
			continue;
		if (!same_party(it, k->party)) /* shown to who answers: the case is somebody else's */
			json_object_set_new(it->c->fields, "otherSender", json_true());
		return k;
	}
	return NULL;
}

static struct batch_case *matching_case(const struct batch_item *it)
{
	const struct world_inbox *in = it->post->p->inbox;
	struct match_case cases[BATCH_PARTY_CASES];
	struct match_result r;
	int n = it->party ? it->party->n_cases : 0;

	for (int i = 0; i < n; i++) {
		const struct batch_case *k = it->party->cases[i];

		cases[i] = (struct match_case){
			.id = k->id_text, .inbox = k->inbox, .product = k->product, .post = k->post, .state = k->state,
			.outcome = k->outcome, .closed_us = k->closed_us, .last_contact_us = k->last_contact_us,
		};
	}
	r = match_case_for(it->c, it->placed->product, in->conversational, in->in.id, cases, n,
	                   it->post->p->received_us);
	return r.kind == MATCH_NEW ? NULL : it->party->cases[r.index];
}

static void reopen(const struct batch *b, struct batch_case *k, const struct batch_item *it)
{
	bool keeps_place = it->post->p->batch.n_calls && k->outcome == OUTCOME_UNREACHABLE &&
	                   it->post->p->received_us - k->closed_us <
	                           b->op.srv->config->call_return_minutes * 60 * WHEN_SECOND_US;

	k->state = k->wakes_to;
	k->outcome = OUTCOME_NONE;
	k->closed_us = 0;
	if (!keeps_place)
		k->arrived_us = it->post->p->received_us;
	k->due_us = k->arrived_us + norm_us(it, k->option0) / (keeps_place ? 1 : MATCH_REPEAT_SOONER);
	k->reopened = !k->is_new;
}

/* what a contact does to the case it came into */
static void touch_case(struct batch *b, struct batch_case *k, const struct batch_item *it)
{
	int64_t now = it->post->p->received_us;

	if (!k->is_new && !k->touched) {
		k->touched = true;
		b->touched[b->n_touched++] = k;
	}
	if (k->last_contact_us < now)
		k->last_contact_us = now;
	k->flags |= it->c->flags & (FLAG_OPTION0 | FLAG_FORMAL | FLAG_SPAM | FLAG_FLOOD);
	if (has_option0(it) && !k->option0) {
		k->option0 = k->now_option0 = true;
		b->n_zeros += !k->is_new;
		if (k->due_us > now + norm_us(it, true))
			k->due_us = now + norm_us(it, true);
	}
	if (!opens_case(it) || k->outcome == OUTCOME_SPAM || (is_flood(it) && !is_public(it)))
		return;
	k->wake = true;
	k->wakes_to = is_public(it) || k->state == CASE_TRIAGE ? CASE_TRIAGE :
	              begins_in_menu(it)                       ? CASE_SCHEDULED :
	                                                         CASE_QUEUED;
	if (k->state == CASE_CLOSED) {
		reopen(b, k, it);
	} else if (k->state == CASE_SCHEDULED && k->wakes_to == CASE_QUEUED) {
		k->state = CASE_QUEUED;
		k->back = true;
	}
}

/* a flood of questions is not a flood of cases */
static struct batch_case *newest_open(const struct batch_item *it)
{
	for (int i = 0; it->party && !is_public(it) && i < it->party->n_cases; i++) {
		struct batch_case *k = it->party->cases[i];

		if (k->state != CASE_CLOSED && !k->post && !strcmp(k->inbox, it->post->p->inbox->in.id))
			return k;
	}
	return NULL;
}

/* who calls again within minutes goes on where they were: in the case of a call that nobody answered, or that goes on as
 * far as we heard */
static struct batch_case *call_again(const struct batch *b, const struct batch_item *it)
{
	int64_t since = it->post->p->received_us - b->op.srv->config->call_return_minutes * 60 * WHEN_SECOND_US;

	for (int i = 0; it->post->p->batch.n_calls && it->party && i < it->party->n_cases; i++) {
		struct batch_case *k = it->party->cases[i];
		bool open = k->state == CASE_QUEUED || k->state == CASE_OFFERED || k->state == CASE_SCHEDULED;

		if (strcmp(k->inbox, it->post->p->inbox->in.id) != 0)
			continue;
		if (open ? k->last_contact_us > since : k->outcome == OUTCOME_UNREACHABLE && k->closed_us > since)
			return k;
	}
	return NULL;
}

static struct batch_case *case_for(struct batch *b, struct batch_item *it)
{
	bool opens = opens_case(it);
	struct batch_case *k;

	if (it->c->flags & FLAG_SPAM || (opens && it->c->flags & FLAG_BLOCKED))
		return spam_case(b, it);
	k = it->post->into ? it->post->into : case_of_about(it, opens);
	if (!k)
		k = case_of_thread(it, opens);
	if (!k)
		k = call_again(b, it);
	if (!k)
		k = matching_case(it);
	if (!k && is_flood(it))
		k = newest_open(it);
	if (!k && opens) {
		k = new_case(b, it);
		if (may_have(it) && k->state != CASE_TRIAGE)
			give_to(k, it->post->p->by);
		remember_case(b, it->party, k);
		it->placed->new_case = true;
	}
	return k;
}

/* ---------------------------------------------------------------- what is said in public */

/* what opens or continues something there, and all that comes into a case of the webcare team, waits for them. What
 * we said ourselves opens nothing (contact_opens_case) */
static bool is_post(const struct batch_item *it)
{
	return it->where && opens_case(it) && (is_public(it) || it->where->state == CASE_TRIAGE);
}

static bool changes_another(const struct batch_item *it)
{
	return (it->c->kind == KIND_EDIT || it->c->kind == KIND_DELETE) && it->about;
}

/* some providers do not tell whether what is gone was public: then what it is about does */
static bool stands_in_public(const struct batch_item *it)
{
	return changes_another(it) && it->about->stored ? it->about->is_public : is_public(it);
}

/* a change of something public is made by intake_post_change, which also finds one that came too early */
static void place_public(struct batch *b, struct batch_item *it)
{
	if (is_post(it))
		b->webcare[b->n_webcare++] = it;
	if (stands_in_public(it))
		b->public[b->n_public++] = it;
	else if (changes_another(it))
		b->changes[b->n_changes++] = it;
}

/* ---------------------------------------------------------------- help by a person */

/* written to us in private by a person that a provider vouches for: who fills in a public form may name anybody's
 * address, and a program that is answered answers. On the telephone a menu or a person asks */
static bool is_written(const struct batch_item *it)
{
	const struct intake_post *p = it->post->p;

	return it->c->direction == DIRECTION_IN && !is_public(it) && it->c->kind != KIND_CALL &&
	       !json_object_get(it->c->fields, "automatic") && uuid_is_nil(p->by.u) && !p->without_proof && !is_flood(it);
}

/* in public there is no help with somebody's own affairs: the webcare team asks them to write in private */
static bool asks_for_help(const struct batch_item *it)
{
	return has_option0(it) && it->where && !is_public(it) && it->where->outcome != OUTCOME_SPAM;
}

/* who is talked with is asked how they would like it; who filled in how need not be. What nobody vouches for
 * is promised without a word, and on the telephone it is said there */
static void place_help(struct batch *b, struct batch_item *it)
{
	const char *preference = help_preference(it->c);
	bool knows = preference && strcmp(preference, "now") != 0, written = is_written(it);

	if (asks_for_help(it)) {
		b->helps[b->n_helps++] = it;
		if (it->c->kind != KIND_CALL)
			it->promised = !written ? "quiet" : knows ? "aloud" : NULL;
	}
	if (!it->where || !it->where->option0 || !written || it->promised)
		return;
	if (has_option0(it))
		b->asked[b->n_asked++] = it;
	else if (texts_preference(it->c->text))
		b->answers[b->n_answers++] = it;
}

/* ---------------------------------------------------------------- menus in writing, and what is answered
 * digitally */

static bool are_keys(const char *s, size_t max)
{
	size_t n = s ? strspn(s, "0123456789*#") : 0;

	return n && n <= max && !s[n];
}

/* of its buttons and lists we know the whole way there; a digit that is typed belongs to what was said last. Whether
 * anything was said, intake_automatic knows */
static void place_choice(struct batch_item *it)
{
	const char *choice = it->c->kind == KIND_CHOICE ? jsonx_str(it->c->fields, "choice") : NULL;

	if (are_keys(choice, MENU_PATH - 1))
		it->keys = choice;
	else if (it->c->kind == KIND_TEXT && are_keys(it->c->text, 1))
		it->key = it->c->text;
}

/* an inbox with a bot has somebody else who asks; and who said what it is about is not asked that */
static void place_automatic(struct batch *b, struct batch_item *it)
{
	const struct world_inbox *in = it->post->p->inbox;
	const struct world *w = it->post->p->world;
	struct batch_case *k = it->where;
	const struct handling *h;

	if ((!in->menu && !w->handlings[in->municipality]) || !in->ops || !in->ops->compose || !k ||
	    k->option0 || !is_written(it) || json_object_get(in->in.settings, "bot"))
		return;
	h = it->placed->new_case ? world_handling(w, in->municipality, it->placed->product) : NULL;
	if (h && h->way != HANDLING_NOT_SAID)
		it->answered = h->answer && !(it->c->flags & FLAG_FORMAL);
	else if (in->menu && !it->placed->new_case)
		place_choice(it);
	else if (in->menu && match_is_general(it->placed->product))
		it->keys = "";
	if (it->keys || it->key || it->answered)
		b->asked[b->n_asked++] = it;
}

/* ---------------------------------------------------------------- all of it */

static void say_where(struct batch_item *it, const struct batch_message *m)
{
	struct intake_placed *out = it->placed;

	out->contact = m->contact;
	out->party = m->party;
	if (!m->where)
		return;
	out->case_ = m->where->id;
	out->epoch = m->where->epoch;
	memcpy(out->reference, m->where->reference, sizeof out->reference);
}

static void now_stored(const struct batch_item *it, struct batch_message *m)
{
	m->stored = true;
	m->contact = it->id;
	m->where = it->where;
	m->is_public = is_public(it);
	if (it->party)
		m->party = it->party->id;
}

/* agents type as fast as they can */
static void count_sender(struct batch *b, const struct batch_item *it)
{
	struct contact *c = it->c;

	if (it->placed->counted || c->direction != DIRECTION_IN || !it->from[0] || !uuid_is_nil(it->post->p->by.u))
		return;
	it->placed->counted = true;
	if (flood_sender(b->op.srv->flood, it->post->p->inbox, c->from[0].kind, c->from[0].value))
		c->flags |= FLAG_FLOOD;
}

static void place_item(struct batch *b, struct batch_item *it)
{
	const struct batch_message *before = it->self->stored ? it->self : it->twin && it->twin->stored ? it->twin : NULL;

	it->placed->duplicate = before != NULL;
	it->placed->new_case = false;   /* an earlier try may have thought otherwise */
	if (before) {
		say_where(it, before);
		return;
	}
	count_sender(b, it);
	it->party = party_for(b, it);
	it->where = case_for(b, it);
	if (it->where)
		touch_case(b, it->where, it);
	it->id.u = server_uuid(b->op.srv);
	now_stored(it, it->self);
	if (it->twin) {
		now_stored(it, it->twin);
		b->platforms[b->n_platforms++] = it;
	}
	b->contacts[b->n_contacts++] = it;
	b->n_spam += (it->c->flags & FLAG_SPAM) != 0;
	if (it->where && bots_says(it->c))
		it->bot_inbox = arena_str(b->op.arena, it->post->p->inbox->in.id);
	if (proves_one(it))
		b->proofs[b->n_proofs++] = it;
	b->n_attachments += it->c->n_attachments;
	place_public(b, it);
	place_help(b, it);
	place_automatic(b, it);
	it->post->n_new++;
	it->post->n_counted += it->c->direction == DIRECTION_IN && it->where;
	say_where(it, it->self);
}

static void place_dead_letter(struct batch *b, struct batch_post *post, const char *why)
{
	b->dead_letters[b->n_dead_letters++] = (struct batch_dead_letter){ post, why, server_uuid(b->op.srv) };
	post->n_new++;
	post->n_counted++;
}

static void place_dead_letters(struct batch *b, struct batch_post *post)
{
	if (post->letters_known)
		return;
	if (post->p->dead_reason)
		place_dead_letter(b, post, post->p->dead_reason);
	for (int i = 0; i < post->p->batch.n_unreadable; i++)
		place_dead_letter(b, post, post->p->batch.unreadable[i].why);
}

static void place_opt(struct batch *b, const struct world_inbox *in, const struct contact_address *address, bool out)
{
	b->opts[b->n_opts++] = (struct batch_opt){ in, address, out };
}

/* in the order of the batch: the last word counts */
static void place_opts(struct batch *b)
{
	size_t n = (size_t)b->n_reports;

	for (int i = 0; i < b->n_contacts; i++)
		n += b->contacts[i]->c->opt ? (size_t)b->contacts[i]->c->n_from : 0;
	b->opts = arena_array(b->op.arena, struct batch_opt, n);
	for (int p = 0; p < b->n_posts; p++) {
		const struct intake_post *post = b->posts[p].p;

		for (int i = 0; i < post->batch.n_reports; i++)
			if (post->batch.reports[i].opted_out.kind)
				place_opt(b, post->inbox, &post->batch.reports[i].opted_out, true);
	}
	for (int i = 0; i < b->n_contacts; i++) {
		const struct batch_item *it = b->contacts[i];

		for (int k = 0; it->c->opt && k < it->c->n_from; k++)
			place_opt(b, it->post->p->inbox, &it->c->from[k], it->c->opt == OPT_OUT);
	}
}

/* several reports on one message become the furthest it came */
static void fold_report(struct batch *b, struct map *seen, const struct world_inbox *in,
                        const struct delivery_report *r)
{
	const char *key = arena_printf(b->op.arena, "%s\n%s", in->in.id, r->provider_id);
	struct batch_delivery *d = map_get(seen, key);

	if (!d) {
		d = arena_new_of(b->op.arena, struct batch_delivery);
		d->inbox = in;
		map_put(seen, key, d);
		b->deliveries[b->n_deliveries++] = d;
	} else if (!delivery_moves(d->status, r->status)) {
		return;
	}
	d->status = r->status;
	d->last = r;
}

static void fold_reports(struct batch *b)
{
	struct map *seen = map_new(b->op.arena, b->n_reports);

	b->deliveries = arena_array(b->op.arena, struct batch_delivery *, (size_t)b->n_reports);
	for (int p = 0; p < b->n_posts; p++) {
		const struct intake_post *post = b->posts[p].p;

		for (int i = 0; i < post->batch.n_reports; i++)
			if (post->batch.reports[i].provider_id)
				fold_report(b, seen, post->inbox, &post->batch.reports[i]);
	}
}

static void make_room(struct batch *b)
{
	struct arena *a = b->op.arena;
	size_t n = (size_t)b->n_items, n_dead = 0;

	b->parties = arena_array(a, struct batch_party *, n);
	b->openers = arena_array(a, struct batch_party *, n);
	b->cases = arena_array(a, struct batch_case *, n);
	b->touched = arena_array(a, struct batch_case *, n);
	b->contacts = arena_array(a, struct batch_item *, n);
	b->changes = arena_array(a, struct batch_item *, n);
	b->platforms = arena_array(a, struct batch_item *, n);
	b->proofs = arena_array(a, struct batch_item *, n);
	b->webcare = arena_array(a, struct batch_item *, n);
	b->public = arena_array(a, struct batch_item *, n);
	b->asked = arena_array(a, struct batch_item *, n);
	b->answers = arena_array(a, struct batch_item *, n);
	b->helps = arena_array(a, struct batch_item *, n);
	for (int p = 0; p < b->n_posts; p++) {
		b->n_calls += b->posts[p].p->batch.n_calls;
		n_dead += 1 + (size_t)b->posts[p].p->batch.n_unreadable;
		for (int i = 0; i < b->posts[p].p->batch.n_reports; i++)
			*(b->posts[p].p->batch.reports[i].provider_id ? &b->n_reports : &b->n_untils) += 1;
	}
	b->dead_letters = arena_array(a, struct batch_dead_letter, n_dead);
}

void batch_place(struct batch *b)
{
	make_room(b);
	for (int i = 0; i < b->n_items; i++)
		place_item(b, &b->items[i]);
	for (int p = 0; p < b->n_posts; p++) {
		struct batch_post *post = &b->posts[p];

		place_dead_letters(b, post);
		post->writes_raw = post->n_new && uuid_is_nil(post->p->retry_of);
		post->raw = post->writes_raw ? server_uuid(b->op.srv) : post->p->retry_of;
		b->n_raws += post->writes_raw;
		b->n_retries += !uuid_is_nil(post->p->retry_of);
	}
	fold_reports(b);
	place_opts(b);
}
