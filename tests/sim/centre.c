/* centre.c - see centre.h */
#include "tests/sim/centre.h"

#include "lib/base/must.h"
#include "tests/sim/chance.h"
#include "tests/sim/heap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const double LOOK_AGAIN_S = 10, REFRESH_S = 3600, OBSERVED_S = 5.0 * SCN_DAY_S, CHAT_SLOWS = 0.30;

enum event_kind {
	EVENT_QUESTION,
	EVENT_RETURN,
	EVENT_GIVES_UP,
	EVENT_END,
	EVENT_LOOK_AGAIN,
	EVENT_REFRESH,
	EVENT_DAY
};

enum contact_state { CONTACT_UNUSED, CONTACT_WAITS, CONTACT_TALKS, CONTACT_AWAY };

struct contact {
	struct question q;
	struct route_case c; /* as the router has it, while it waits and after */
	enum contact_state state;
	uint32_t version;                 /* events about an earlier state of it are void */
	int attempt, tries;               /* tries: how often it gave up in this attempt */
	int agent, previous;              /* -1: nobody */
	double arrived, answered, left_s; /* left_s: work left, of a chat */
	int next_unused;
};

struct desk {                 /* an agent at work */
	struct route_agent a; /* as the router has it */
	bool taken;           /* by a call or something to write, one at a time */
	int chats[SCN_CHATS], n_chats;
	double touched, busy_s;
};

/* an outcome is known when five working days have gone by without the citizen coming back */
struct seen {
	double at;
	struct learn_outcome o;
};

struct centre {
	const struct world *w;
	const struct route_policy *policy;
	const struct watcher *watcher;
	struct tally *t;
	struct learn *learn;
	struct router *router;
	struct heap heap;
	double now;
	bool measured;
	uint64_t n_questions, n_cases;
	struct contact *contacts;
	int n_contacts, room_contacts, unused;
	struct desk desks[SCN_MAX_AGENTS];
	int n_open; /* desks where something could still go */
	int waiting[N_ROUTE_KINDS];
	struct seen *seen; /* a ring: outcomes become known in the order of contacts' ends */
	size_t first_seen, n_seen, room_seen;
	long n_waited;
};

static void what_could_be(struct centre *k, int i);

static int64_t us(double s)
{
	return (int64_t)llround(s * 1e6);
}

static int64_t now_us(const struct centre *k)
{
	return us(k->now);
}

static void at(struct centre *k, double when, enum event_kind kind, int about, uint32_t version)
{
	heap_put(&k->heap, (struct event){.at = when, .kind = kind, .about = about, .version = version});
}

/* ids in order of number; the low half says where the contact is */
static struct uuid make_id(uint64_t number, uint64_t where)
{
	struct uuid u;

	for (int i = 0; i < 8; i++) {
		u.b[i] = (uint8_t)(number >> (56 - 8 * i));
		u.b[8 + i] = (uint8_t)(where >> (56 - 8 * i));
	}
	return u;
}

static int where_of(struct uuid u)
{
	return u.b[12] << 24 | u.b[13] << 16 | u.b[14] << 8 | u.b[15];
}

/* ---------------------------------------------------------------- agents */

static bool is_open(const struct desk *d)
{
	return !d->taken && d->n_chats < SCN_CHATS;
}

/* several chats at once slow each other down */
static double chat_pace(int n)
{
	return 1 / (1 + CHAT_SLOWS * (n - 1));
}

/* what has been done since the last time */
static void touch(struct centre *k, struct desk *d)
{
	double dt = k->now - d->touched;

	d->touched = k->now;
	d->busy_s += d->taken || d->n_chats > 0 ? dt : 0;
	for (int i = 0; i < d->n_chats; i++)
		k->contacts[d->chats[i]].left_s -= dt * chat_pace(d->n_chats);
}

/* tell the router what is in hand. One call or letter at a time, or up to three chats */
static void tell_load(struct centre *k, int i, bool was_open)
{
	struct desk *d = &k->desks[i];
	struct route_agent *a = &d->a;
	bool free = !d->taken && d->n_chats == 0;

	k->n_open += is_open(d) - was_open;
	a->busy_total = (uint8_t)(d->taken ? SCN_CHATS : d->n_chats);
	a->busy[KIND_CHAT] = (uint8_t)d->n_chats;
	a->room[KIND_PHONE] = a->room[KIND_ASYNC] = free;
	/* idle from the moment that nothing is left; who has something in hand is not idle at all */
	a->idle_since_us = free ? now_us(k) : INT64_MAX;
	router_agent_set(k->router, i, a, now_us(k));
}

static struct route_agent route_agent_of(const struct sim_agent *from, int i)
{
	struct route_agent a = {.id = {make_id(0, (uint64_t)i + 1)},
				.presence = PRESENCE_READY,
				.municipalities = (1U << SCN_MUNICIPALITIES) - 1,
				.knows = from->knows,
				.home = UINT64_C(1) << from->home,
				.channels = from->channels,
				.languages = from->languages,
				.coach = from->products >> SCN_OPTION0 & 1,
				.room = {[KIND_PHONE] = 1, [KIND_CHAT] = SCN_CHATS, [KIND_ASYNC] = 1},
				.room_total = SCN_CHATS,
				.unit = i,
				.team_unit = LEARN_NO_UNIT};

	a.products.bits[0] = from->products;
	return a;
}

static void open_desks(struct centre *k)
{
	struct route_agent *agents = must(calloc(SCN_MAX_AGENTS, sizeof(*agents)));

	k->n_open = k->w->scenario.agents;
	for (int i = 0; i < k->n_open; i++)
		k->desks[i].a = agents[i] = route_agent_of(&k->w->agents[i], i);
	router_agents(k->router, agents, k->n_open, 0);
	free(agents);
}

/* ---------------------------------------------------------------- contacts */

static int contact_new(struct centre *k)
{
	int i = k->unused;

	if (i >= 0) {
		uint32_t version = k->contacts[i].version;

		k->unused = k->contacts[i].next_unused;
		k->contacts[i] = (struct contact){.version = version};
		return i;
	}
	if (k->n_contacts == k->room_contacts) {
		k->room_contacts = k->room_contacts ? 2 * k->room_contacts : 4096;
		k->contacts = must(realloc(k->contacts, (size_t)k->room_contacts * sizeof(*k->contacts)));
	}
	k->contacts[k->n_contacts] = (struct contact){0};
	return k->n_contacts++;
}

static void contact_release(struct centre *k, int i)
{
	struct contact *x = &k->contacts[i];

	x->version++;
	x->state = CONTACT_UNUSED;
	x->next_unused = k->unused;
	k->unused = i;
}

static struct route_case case_of(struct centre *k, int i)
{
	const struct contact *x = &k->contacts[i];
	struct route_case c = {.id = {make_id(++k->n_cases, (uint64_t)i)},
			       .product = (uint16_t)x->q.routed_as,
			       .municipality = (uint16_t)x->q.municipality,
			       .channel = (uint16_t)x->q.kind,
			       .language = (uint16_t)x->q.language,
			       .option0 = x->q.routed_as == SCN_OPTION0,
			       .kind = x->q.kind,
			       .method = k->policy->method,
			       .arrived_us = now_us(k),
			       .due_us = now_us(k)};

	if (x->attempt > 0)
		c.previous = k->desks[x->previous].a.id;
	return c;
}

static bool is_live(const struct contact *x)
{
	return x->q.kind != KIND_ASYNC;
}

static bool again(const struct contact *x)
{
	return x->attempt > 0 && x->previous == x->agent;
}

static void reschedule_chats(struct centre *k, const struct desk *d)
{
	for (int i = 0; i < d->n_chats; i++) {
		struct contact *x = &k->contacts[d->chats[i]];

		at(k, k->now + fmax(x->left_s, 0) / chat_pace(d->n_chats), EVENT_END, d->chats[i],
		   ++x->version);
	}
}

static void count_answered(struct centre *k, const struct contact *x)
{
	if (!k->measured)
		return;
	k->t->answered++;
	k->t->unskilled += world_fit(&k->w->agents[x->agent], x->q.routed_as, x->q.municipality,
				     x->q.language, x->q.kind) != FIT_FULL;
	waits_add(is_live(x) ? &k->t->live_wait : &k->t->async_wait, k->now - x->arrived);
}

/* what is usual for this product is what it was given to: the benchmark that advantage is measured from */
static void learn_who_got_it(struct centre *k, const struct contact *x)
{
	struct route_terms terms;

	if (k->policy->method != METHOD_FTF)
		return;
	route_terms(router_state(k->router), k->policy, &x->c, router_agent(k->router, x->agent), now_us(k),
		    &terms);
	learn_assigned(k->learn, route_learn_product(&x->c), x->c.municipality, terms.q);
}

/* agent takes contact i, which waits in the router */
static void assign(struct centre *k, int i, int agent)
{
	struct contact *x = &k->contacts[i];
	struct desk *d = &k->desks[agent];
	bool was_open = is_open(d);
	double work_s;

	router_remove(k->router, x->c.id);
	k->waiting[x->q.kind]--;
	touch(k, d);
	x->agent = agent;
	x->state = CONTACT_TALKS;
	x->version++;
	x->answered = k->now;
	learn_who_got_it(k, x);
	work_s = question_work_s(k->w, &x->q, agent, x->attempt, again(x));
	if (x->q.kind == KIND_CHAT) {
		x->left_s = work_s;
		d->chats[d->n_chats++] = i;
		reschedule_chats(k, d);
	} else {
		d->taken = true;
		at(k, k->now + work_s, EVENT_END, i, x->version);
	}
	tell_load(k, agent, was_open);
	count_answered(k, x);
	if (k->watcher && k->watcher->answered && is_live(x))
		k->watcher->answered(k->watcher->arg, k->router, &x->c, agent, us(k->now - x->arrived),
				     now_us(k));
}

/* is anybody free for what waits here? */
static bool offer(struct centre *k, int i)
{
	struct route_decision d;

	router_agent_for(k->router, &k->contacts[i].c, now_us(k), &d);
	if (d.chosen >= 0)
		assign(k, i, d.chosen);
	return d.chosen >= 0;
}

static void arrive(struct centre *k, int i)
{
	struct contact *x = &k->contacts[i];
	double patience_s;

	x->version++;
	x->state = CONTACT_WAITS;
	x->arrived = k->now;
	x->c = case_of(k, i);
	if (k->measured && is_live(x)) {
		k->t->live++;
		k->t->live_of[x->q.product]++;
	}
	router_put(k->router, &x->c);
	k->waiting[x->q.kind]++;
	if ((k->n_open > 0 && offer(k, i)) || !is_live(x))
		return;
	if (k->watcher && k->watcher->waits)
		k->watcher->waits(k->watcher->arg, k->router, &x->c, k->waiting[x->q.kind] - 1, now_us(k));
	what_could_be(k, i);
	patience_s = question_patience_s(k->w, &x->q, x->attempt, x->tries);
	if (patience_s > 0)
		at(k, k->now + patience_s, EVENT_GIVES_UP, i, x->version);
}

static void new_question(struct centre *k)
{
	int i = contact_new(k);

	k->contacts[i].q = question_make(k->w, k->n_questions);
	k->contacts[i].previous = k->contacts[i].agent = -1;
	if (k->measured)
		k->t->questions++;
	at(k, arrival_after(k->w, k->now, ++k->n_questions), EVENT_QUESTION, 0, 0);
	arrive(k, i);
}

static void come_back(struct centre *k, int i)
{
	struct contact *x = &k->contacts[i];

	if (x->tries == 0 && !k->w->scenario.plain)
		x->q.kind = question_comes_by(&x->q, x->attempt);
	if (k->measured && x->tries == 0)
		k->t->repeats++;
	arrive(k, i);
}

static void give_up(struct centre *k, int i)
{
	struct contact *x = &k->contacts[i];
	double after_s;

	router_remove(k->router, x->c.id);
	k->waiting[x->q.kind]--;
	if (k->measured) {
		k->t->abandoned++;
		k->t->abandoned_of[x->q.product]++;
		k->t->abandoned_s += k->now - x->arrived;
	}
	if (k->watcher && k->watcher->gave_up)
		k->watcher->gave_up(k->watcher->arg, k->router, &x->c, now_us(k));
	x->tries++;
	if (!k->w->scenario.plain && question_redials(&x->q, x->attempt, x->tries, &after_s)) {
		x->state = CONTACT_AWAY;
		at(k, k->now + after_s, EVENT_RETURN, i, ++x->version);
		return;
	}
	if (k->measured && x->attempt == 0)
		k->t->lost++;
	contact_release(k, i);
}

/* ---------------------------------------------------------------- outcomes */

static void remember(struct centre *k, const struct contact *x, const struct outcome *o)
{
	const struct sim_agent *a = &k->w->agents[x->agent];
	struct seen s = {k->now + OBSERVED_S,
			 {.product = x->q.product,
			  .unit = x->agent,
			  .home = a->home == x->q.municipality,
			  .fixed = o->seen_fixed,
			  .first = x->attempt == 0,
			  .skilled = world_fit(a, x->q.product, x->q.municipality, x->q.language,
					       x->q.kind) == FIT_FULL}};

	if (x->q.product == SCN_OPTION0)
		s.o.product = LEARN_OPTION0;
	if (k->n_seen == k->room_seen) {
		size_t room = k->room_seen ? 2 * k->room_seen : 4096;
		struct seen *new = must(calloc(room, sizeof(*new)));

		for (size_t i = 0; i < k->n_seen; i++)
			new[i] = k->seen[(k->first_seen + i) % k->room_seen];
		free(k->seen);
		k->seen = new;
		k->first_seen = 0;
		k->room_seen = room;
	}
	k->seen[(k->first_seen + k->n_seen++) % k->room_seen] = s;
}

static void learn_what_is_seen(struct centre *k)
{
	while (k->n_seen > 0 && k->seen[k->first_seen].at <= k->now) {
		learn_outcome(k->learn, &k->seen[k->first_seen].o);
		k->first_seen = (k->first_seen + 1) % k->room_seen;
		k->n_seen--;
	}
}

static void count_first(struct centre *k, const struct contact *x, const struct outcome *o)
{
	if (!k->measured || x->attempt > 0)
		return;
	k->t->first++;
	k->t->first_fixed += o->fixed;
	k->t->first_seen_fixed += o->seen_fixed;
	k->t->first_on[x->q.kind]++;
	k->t->first_fixed_on[x->q.kind] += o->fixed;
}

static void clear_desk(struct centre *k, int i, struct desk *d)
{
	int at_chat = 0;

	if (d->taken) {
		d->taken = false;
		return;
	}
	while (d->chats[at_chat] != i)
		at_chat++;
	d->chats[at_chat] = d->chats[--d->n_chats];
	reschedule_chats(k, d);
}

static void take_more(struct centre *k, int agent)
{
	const struct route_case *c;

	while (is_open(&k->desks[agent]) && router_count(k->router) > 0 &&
	       (c = router_case_for(k->router, agent, now_us(k), NULL)))
		assign(k, where_of(c->id.u), agent);
}

static void finish(struct centre *k, int i)
{
	struct contact *x = &k->contacts[i];
	struct desk *d = &k->desks[x->agent];
	struct outcome o = question_outcome(k->w, &x->q, x->agent, x->attempt, again(x));
	bool was_open = is_open(d);
	int agent = x->agent;

	touch(k, d);
	clear_desk(k, i, d);
	tell_load(k, agent, was_open);
	if (k->policy->method == METHOD_FTF) {
		remember(k, x, &o);
		learn_worked(k->learn, route_learn_product(&x->c), x->q.kind, k->now - x->answered);
	}
	if (k->watcher && k->watcher->finished && is_live(x))
		k->watcher->finished(k->watcher->arg, k->router, x->q.routed_as, x->q.kind, agent,
				     us(k->now - x->answered), now_us(k));
	count_first(k, x, &o);
	if (o.returns) {
		x->attempt++;
		x->tries = 0;
		x->previous = agent;
		x->q.routed_as = x->q.product; /* by now it is known what it is about */
		x->state = CONTACT_AWAY;
		at(k, k->now + o.after_s, EVENT_RETURN, i, ++x->version);
	} else {
		contact_release(k, i);
	}
	take_more(k, agent);
}

/* ---------------------------------------------------------------- time */

static void look_again(struct centre *k)
{
	enum { SOME = 1024 };
	struct case_id ids[SOME];
	int n;

	if (k->n_open == 0 || router_count(k->router) == 0)
		return;
	n = router_again(k->router, now_us(k), ids, SOME);
	for (int i = 0; i < n && k->n_open > 0; i++)
		offer(k, where_of(ids[i].u));
}

static void refresh(struct centre *k)
{
	learn_refresh(k->learn);
	router_refresh(k->router, now_us(k), INT32_MAX);
}

static void measure_from_now(struct centre *k)
{
	k->measured = true;
	for (int i = 0; i < k->w->scenario.agents; i++) {
		touch(k, &k->desks[i]);
		k->desks[i].busy_s = 0;
	}
}

static bool is_current(const struct centre *k, const struct event *e, enum contact_state state)
{
	const struct contact *x = &k->contacts[e->about];

	return x->version == e->version && x->state == state;
}

static void happens(struct centre *k, const struct event *e)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_QUESTION:
		new_question(k);
		break;
	case EVENT_RETURN:
		if (is_current(k, e, CONTACT_AWAY))
			come_back(k, e->about);
		break;
	case EVENT_GIVES_UP:
		if (is_current(k, e, CONTACT_WAITS))
			give_up(k, e->about);
		break;
	case EVENT_END:
		if (is_current(k, e, CONTACT_TALKS))
			finish(k, e->about);
		break;
	case EVENT_LOOK_AGAIN:
		look_again(k);
		at(k, k->now + LOOK_AGAIN_S, EVENT_LOOK_AGAIN, 0, 0);
		break;
	case EVENT_REFRESH:
		refresh(k);
		at(k, k->now + REFRESH_S, EVENT_REFRESH, 0, 0);
		break;
	case EVENT_DAY:
		learn_days(k->learn, 1);
		at(k, k->now + SCN_DAY_S, EVENT_DAY, 0, 0);
		break;
	}
}

/* ---------------------------------------------------------------- other futures */

static const double PATIENT_S = 4 * 3600;

/* its chance anew, under the condition of what has happened: at work for so long, and not done */
static void draw_work_anew(struct centre *k, int i, struct chance *c)
{
	enum { TRIES = 10000 };
	struct contact *x = &k->contacts[i];
	bool chat = x->q.kind == KIND_CHAT;
	double done_s = k->now - x->answered, work_s = 0;

	if (chat)
		done_s = question_work_s(k->w, &x->q, x->agent, x->attempt, again(x)) - x->left_s;
	for (int n = 0; n < TRIES && work_s <= done_s; n++) {
		x->q.seed = chance_bits(c);
		work_s = question_work_s(k->w, &x->q, x->agent, x->attempt, again(x));
	}
	if (chat)
		x->left_s = work_s - done_s; /* its agent is rescheduled after */
	else
		at(k, k->now + fmax(work_s - done_s, 0), EVENT_END, i, ++x->version);
}

/* patience is exponential: who has waited has as much left as who begins */
static void draw_patience_anew(struct centre *k, int i, struct chance *c, bool gives_up)
{
	struct contact *x = &k->contacts[i];
	double patience_s;

	x->q.seed = chance_bits(c);
	x->version++;
	patience_s = is_live(x) && gives_up ? question_patience_s(k->w, &x->q, x->attempt, x->tries) : 0;
	if (patience_s > 0)
		at(k, k->now + patience_s, EVENT_GIVES_UP, i, x->version);
}

/* all that is not known now is drawn anew: work that goes on, patience, who comes. This contact never gives up */
static void another_future(struct centre *k, int kept, uint64_t seed)
{
	struct world *w = must(malloc(sizeof(*w)));
	struct chance c = {seed};
	struct heap events = {0};
	struct event e;

	*w = *k->w;
	w->scenario.seed = chance_bits(&c);
	k->w = w;
	for (int i = 0; i < k->w->scenario.agents; i++)
		touch(k, &k->desks[i]);
	while (heap_take(&k->heap, &e))
		if (e.kind != EVENT_QUESTION)
			heap_put(&events, e);
	heap_done(&k->heap);
	k->heap = events;
	at(k, arrival_after(k->w, k->now, k->n_questions), EVENT_QUESTION, 0, 0);
	for (int i = 0; i < k->n_contacts; i++)
		if (k->contacts[i].state == CONTACT_TALKS)
			draw_work_anew(k, i, &c);
		else if (k->contacts[i].state == CONTACT_WAITS)
			draw_patience_anew(k, i, &c, i != kept);
	for (int i = 0; i < k->w->scenario.agents; i++)
		reschedule_chats(k, &k->desks[i]);
}

static void happens(struct centre *k, const struct event *e);

static double wait_in_another_future(struct centre *k, int i, uint64_t seed)
{
	struct event e;

	k->watcher = NULL;
	k->measured = false;
	another_future(k, i, seed);
	while (k->contacts[i].state == CONTACT_WAITS && heap_take(&k->heap, &e) &&
	       e.at - k->contacts[i].arrived < PATIENT_S) {
		k->now = e.at;
		happens(k, &e);
	}
	return k->now - k->contacts[i].arrived;
}

/* each future is lived in a process of its own, so that this one goes on as if nothing had been asked */
static void what_could_be(struct centre *k, int i)
{
	const struct watcher *watcher = k->watcher;
	double *waits_s;

	if (!watcher || !watcher->could_wait || watcher->n_futures == 0 || !k->measured ||
	    k->n_waited++ % watcher->futures_every != 0)
		return;
	waits_s = mmap(NULL, (size_t)watcher->n_futures * sizeof(*waits_s), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (waits_s == MAP_FAILED)
		abort();
	for (int f = 0; f < watcher->n_futures; f++) {
		int status = -1;
		pid_t child = fork();

		if (child == 0) {
			waits_s[f] = wait_in_another_future(k, i, k->n_cases * 65536 + (uint64_t)f);
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			abort();
	}
	watcher->could_wait(watcher->arg, &k->contacts[i].c, waits_s, watcher->n_futures);
	munmap(waits_s, (size_t)watcher->n_futures * sizeof(*waits_s));
}

static void begin(struct centre *k)
{
	struct route_policy *policies = must(calloc(ROUTE_MAX_MUNICIPALITIES, sizeof(*policies)));

	for (int i = 0; i < ROUTE_MAX_MUNICIPALITIES; i++)
		policies[i] = *k->policy;
	k->learn = learn_new(k->policy);
	learn_units(k->learn, k->w->scenario.agents);
	k->router = router_new(policies, k->learn);
	free(policies);
	open_desks(k);
	refresh(k);
	at(k, arrival_after(k->w, 0, 0), EVENT_QUESTION, 0, 0);
	at(k, REFRESH_S, EVENT_REFRESH, 0, 0);
	at(k, SCN_DAY_S, EVENT_DAY, 0, 0);
	if (k->policy->method == METHOD_FTF)
		at(k, LOOK_AGAIN_S, EVENT_LOOK_AGAIN, 0, 0);
}

static void end(struct centre *k, double at_s)
{
	k->now = at_s;
	k->t->measured_s = (k->w->scenario.days - k->w->scenario.warm_days) * (double)SCN_DAY_S;
	for (int i = 0; i < k->w->scenario.agents; i++) {
		touch(k, &k->desks[i]);
		k->t->busy_s[i] = k->desks[i].busy_s;
	}
	router_free(k->router);
	learn_free(k->learn);
	heap_done(&k->heap);
	free(k->contacts);
	free(k->seen);
}

void centre_run(const struct world *w, const struct route_policy *policy, const struct watcher *watcher,
		struct tally *t)
{
	struct centre *k = must(calloc(1, sizeof(*k)));
	double warm_s = w->scenario.warm_days * (double)SCN_DAY_S,
	       all_s = w->scenario.days * (double)SCN_DAY_S;
	struct event e;

	k->w = w;
	k->policy = policy;
	k->watcher = watcher;
	k->t = t;
	k->unused = -1;
	tally_init(t);
	begin(k);
	while (heap_take(&k->heap, &e) && e.at <= all_s) {
		k->now = e.at;
		if (!k->measured && k->now >= warm_s)
			measure_from_now(k);
		learn_what_is_seen(k);
		happens(k, &e);
	}
	end(k, all_s);
	free(k);
}
