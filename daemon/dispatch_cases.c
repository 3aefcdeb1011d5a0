/* dispatch_cases.c - what waits: loaded when we begin to lead, read when it comes back, compared by the sweep */
#include "daemon/dispatch_internal.h"

#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/queue.h"

#include <string.h>

/* ---------------------------------------------------------------- from a row */

/* what is not set up any more still has to be answered by somebody */
static uint16_t number_or(int number, int fallback)
{
	return (uint16_t)(number >= 0 ? number : fallback >= 0 ? fallback : 0);
}

static uint16_t team_number(const struct world *w, const char *team)
{
	for (int i = 1; team && i < w->n_teams; i++)
		if (strcmp(w->teams[i], team) == 0)
			return (uint16_t)i;
	return 0;
}

static void read_declined(const char *words, struct route_case *c)
{
	while (words && *words && c->n_declined < ROUTE_MAX_DECLINED) {
		char one[UUID_TEXT];

		snprintf(one, sizeof(one), "%s", words);
		if (!uuid_parse(one, &c->declined[c->n_declined].u))
			return;
		c->n_declined++;
		words += UUID_TEXT - 1;
		words += *words == ',';
	}
}

enum route_method dispatch_method(const struct route_policy *p, const char *arm, struct case_id id)
{
	if (!arm || p->method == METHOD_FIFO)
		return route_arm(p, id);
	return strcmp(arm, route_method_name(METHOD_FIFO)) == 0 ? METHOD_FIFO : METHOD_FTF;
}

/* false when the case cannot be dispatched: its municipality or channel is not set up */
static bool case_from_row(const struct world *w, const struct op *op, int st, int row, struct route_case *c)
{
	int municipality = world_municipality(w, pg_get(op, st, row, "municipality"));
	int channel = world_channel(w, pg_get(op, st, row, "channel"));

	memset(c, 0, sizeof(*c));
	c->id.u = pg_get_uuid(op, st, row, "id");
	c->product = number_or(world_product(w, pg_get(op, st, row, "product")), world_product(w, "algemeen"));
	c->language = number_or(world_language(w, pg_get(op, st, row, "language")), 0);
	c->option0 = pg_get_bool(op, st, row, "option0");
	c->arrived_us = pg_get_time(op, st, row, "arrived_at");
	c->due_us = pg_get_time(op, st, row, "due_at");
	c->wanted.u = pg_get_uuid(op, st, row, "wanted_agent");
	c->previous.u = pg_get_uuid(op, st, row, "previous");
	c->team = team_number(w, pg_get(op, st, row, "wanted_team"));
	read_declined(pg_get(op, st, row, "declined"), c);
	if (municipality < 0 || channel < 0)
		return false;
	c->municipality = (uint16_t)municipality;
	c->channel = (uint16_t)channel;
	c->kind = w->kind[channel];
	c->method = dispatch_method(&w->policies[municipality], pg_get(op, st, row, "arm"), c->id);
	return true;
}

/* ---------------------------------------------------------------- in memory */

static void remember_declined(struct dispatch *d, struct case_id id)
{
	int at = (d->first_declined + d->n_declined) % DISPATCH_DECLINED;

	if (d->n_declined == DISPATCH_DECLINED)
		d->first_declined = (d->first_declined + 1) % DISPATCH_DECLINED;
	else
		d->n_declined++;
	d->declined[at] = (struct dispatch_declined){ id, mono_us() + DISPATCH_DECLINED_S * INT64_C(1000000) };
}

void dispatch_cases_put(struct dispatch *d, const struct route_case *c)
{
	router_put(d->router, c);
	d->queue_changed |= UINT64_C(1) << c->municipality;
	dispatch_ids_add(&d->look, c->id.u);
	if (c->n_declined > 0)
		remember_declined(d, c->id);
	dispatch_kick(d);
}

void dispatch_cases_remove(struct dispatch *d, struct case_id id)
{
	struct route_case c;

	if (!router_get(d->router, id, &c))
		return;
	d->queue_changed |= UINT64_C(1) << c.municipality;
	router_remove(d->router, id);
}

/* after five minutes those who declined may be asked again */
static void forget_declines(struct dispatch *d)
{
	while (d->n_declined > 0 && d->declined[d->first_declined].until_us <= mono_us()) {
		struct route_case again;
		bool waits = router_get(d->router, d->declined[d->first_declined].id, &again);

		d->first_declined = (d->first_declined + 1) % DISPATCH_DECLINED;
		d->n_declined--;
		if (!waits)
			continue;
		again.n_declined = 0;
		dispatch_cases_put(d, &again);
	}
}

static void drop_late_wishes(struct dispatch *d)
{
	struct case_id late[64];
	int n = router_late_wishes(d->router, now_us(), late, 64);

	for (int i = 0; i < n; i++) {
		struct route_case c;

		if (!router_get(d->router, late[i], &c) || !router_relax(d->router, &c, now_us()))
			continue;
		memset(&c.wanted, 0, sizeof(c.wanted));
		c.team = 0;
		dispatch_cases_put(d, &c);
	}
}

/* time alone lets somebody take it: a bar fell, or H3 was relaxed */
static void look_again(struct dispatch *d)
{
	struct case_id ids[DISPATCH_CLAIMS];
	int n = router_again(d->router, now_us(), ids, DISPATCH_CLAIMS);

	for (int i = 0; i < n; i++)
		dispatch_ids_add(&d->look, ids[i].u);
	if (n > 0)
		dispatch_kick(d);
}

static void refresh(struct dispatch *d)
{
	if (d->bars_left == 0 && mono_us() - d->refreshed_us < DISPATCH_REFRESH_S * INT64_C(1000000))
		return;
	if (d->bars_left == 0)
		d->refreshed_us = mono_us();
	d->bars_left = router_refresh(d->router, now_us(), DISPATCH_BARS);
}

void dispatch_cases_tick(struct dispatch *d)
{
	refresh(d);
	look_again(d);
	forget_declines(d);
	drop_late_wishes(d);
	metric_set(M_WAITING, router_count(d->router));
}

/* ---------------------------------------------------------------- read again: in a round */

void dispatch_cases_ask(struct dispatch *d, struct pg_unit *u)
{
	struct dispatch_ids *l = &d->back;
	int n = l->n < DISPATCH_READS ? l->n : DISPATCH_READS;

	pg_add(u, SQL_DISPATCH_CASES);
	pg_array(u, PG_TYPE_UUID, n);
	for (int i = 0; i < n; i++)
		pg_push_uuid(u, l->ids[i]);
	l->n -= n;
	memmove(l->ids, l->ids + n, (size_t)l->n * sizeof(l->ids[0]));
}

void dispatch_cases_got(struct dispatch *d, const struct op *op, int statement)
{
	struct route_case c;

	for (int i = 0; i < pg_rows(op, statement); i++) {
		if (!case_from_row(d->world, op, statement, i, &c))
			continue;
		dispatch_case_waits(d, &c);
		queue_put(d->srv->queue, &c);
	}
}

/* ---------------------------------------------------------------- pages: loading and comparing */

enum page_state { PAGE_START, PAGE_READ, PAGE_GO_ON };

struct pages {
	struct op op;
	struct dispatch *d;
	int64_t due_us, epoch, version;   /* of the lease and the world when we began */
	struct case_id id;
	int n_pages, n_cases;
	int n_rows;                       /* of a page: asked for at once */
	int n_put;                        /* of this page; the rest in later turns of the loop */
	int64_t part_us;                  /* mono; when agents look at what was read so far */
};

/* did somebody else lead, or names get other numbers, since we began? */
static bool is_stale(const struct pages *p)
{
	return p->d->ending || p->epoch != p->d->epoch || p->version != p->d->world->version;
}

/* What comes by another connection may be older than what we said by ours: a case that was offered meanwhile comes
 * back. Loading bears that, because such an offer is passed over; the sweep would put the case in Redis */
static enum op_status ask_page(struct pages *p, bool first)
{
	bool bulk = p->d->load == &p->op && pg_ready(p->d->srv->pg, PG_BULK);
	struct pg_unit *u = pg_unit(&p->op, bulk ? PG_BULK : PG_SYSTEM, NULL);

	if (first) {
		pg_add(u, p->d->load == &p->op ? SQL_DISPATCH_BEGIN : SQL_DISPATCH_STUCK);
		dispatch_fence(p->d, u);
		if (p->d->load != &p->op)
			pg_int(u, p->d->srv->config->presence_seconds);
	}
	pg_add(u, SQL_DISPATCH_WAITING);
	pg_time(u, p->due_us);
	pg_uuid(u, p->id.u);
	pg_int(u, p->n_rows);
	return pg_submit(&p->op, PAGE_READ, u);
}

/* moves on to where the next page begins; false when this was the last */
static bool turn_page(struct pages *p, int statement)
{
	int n = pg_rows(&p->op, statement);

	p->n_pages++;
	p->n_cases += n;
	if (n < p->n_rows)
		return false;
	p->due_us = pg_get_time(&p->op, statement, n - 1, "due_at");
	p->id.u = pg_get_uuid(&p->op, statement, n - 1, "id");
	return true;
}

/* true when all of the page is in memory */
static bool load_page(struct pages *p, int st)
{
	const struct op *op = &p->op;
	struct dispatch *d = p->d;
	struct route_case c;
	int n = pg_rows(op, st), end = n - p->n_put > DISPATCH_LOAD_STEP ? p->n_put + DISPATCH_LOAD_STEP : n;

	for (int i = p->n_put; i < end; i++) {
		if (!case_from_row(d->world, op, st, i, &c) || dispatch_round_holds(d, c.id))
			continue;
		router_put(d->router, &c);
		if (c.n_declined > 0)
			remember_declined(d, c.id);
	}
	p->n_put = end < n ? end : 0;
	return end == n;
}

/* a million cases take seconds: agents need not sit idle, because the most urgent ones come first */
static void look_at_part(struct pages *p)
{
	if (mono_us() < p->part_us)
		return;
	p->part_us = mono_us() + DISPATCH_PART_MS * INT64_C(1000);
	if (!p->d->partly)
		dispatch_agents_again(p->d);
	p->d->partly = true;
	dispatch_agents_look(p->d);
	dispatch_kick(p->d);
}

/* every agent looks, so no case needs to */
static void loaded(struct pages *p)
{
	p->d->loaded = true;
	p->d->partly = false;
	/* bars were made while nobody was known to be ready */
	p->d->bars_left = 0;
	p->d->refreshed_us = mono_us() - (DISPATCH_REFRESH_S - 2) * INT64_C(1000000);
	log_event(LOG_NOTICE, "dispatch.loaded", "epoch=%lld n=%d ms=%lld", (long long)p->epoch, p->n_cases,
	          (long long)(mono_us() - p->op.started_us) / 1000);
	dispatch_agents_again(p->d);
	dispatch_kick(p->d);
	CRASH("load.done");
}

static enum op_status load_step(struct op *op)
{
	struct pages *p = (struct pages *)op;
	struct dispatch *d = p->d;
	int st;

	switch ((enum page_state)op->state) {
	case PAGE_START:
		return ask_page(p, true);

	case PAGE_READ:
		if (pg_failed(op))
			return OP_FAIL;          /* the next tick begins again */
		/* fall through */
	case PAGE_GO_ON:
		if (is_stale(p) || d->loaded)
			return OP_DONE;
		st = p->n_pages == 0;            /* the first page came behind another statement */
		if (!load_page(p, st))
			return op_yield(op, PAGE_GO_ON);
		CRASH("load.page");
		if (turn_page(p, st)) {
			look_at_part(p);
			return ask_page(p, false);
		}
		loaded(p);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void load_done(struct op *op, enum op_status how)
{
	struct dispatch *d = ((struct pages *)op)->d;

	(void)how;
	d->load = NULL;
	dispatch_release(d);
}

static const struct op_kind load_kind = {
	.name = "dispatch.load", .step = load_step, .done = load_done, .max_arena_bytes = 4 << 20,
};

static struct pages *pages_new(struct dispatch *d, const struct op_kind *kind)
{
	struct pages *p = (struct pages *)op_new(d->srv, kind, sizeof(*p));

	p->d = d;
	p->epoch = d->epoch;
	p->version = d->world->version;
	p->n_rows = kind == &load_kind ? DISPATCH_LOAD_PAGE : DISPATCH_PAGE;
	return p;
}

void dispatch_cases_load(struct dispatch *d)
{
	struct pages *p;

	if (d->load)
		return;
	router_clear(d->router);
	d->partly = false;
	d->n_declined = 0;
	d->resync_due_us = 0;
	p = pages_new(d, &load_kind);
	p->part_us = mono_us() + DISPATCH_PART_MS * INT64_C(1000);
	d->load = &p->op;
	op_start(d->load);
}

/* ---------------------------------------------------------------- the sweep */

/* what decides who may take it; wishes and declines are changed in memory on purpose */
static bool is_same(const struct route_case *a, const struct route_case *b)
{
	return a->product == b->product && a->municipality == b->municipality && a->channel == b->channel &&
	       a->language == b->language && a->option0 == b->option0 && a->due_us == b->due_us &&
	       a->method == b->method;
}

static bool is_coming_back(const struct dispatch *d, struct case_id id)
{
	for (int i = 0; i < d->back.n; i++)
		if (uuid_same(d->back.ids[i], id.u))
			return true;
	return false;
}

static int compare_page(struct dispatch *d, const struct op *op, int st)
{
	int n_found = 0;
	bool waits;

	for (int i = 0; i < pg_rows(op, st); i++) {
		struct route_case c, known;

		if (!case_from_row(d->world, op, st, i, &c) || dispatch_round_holds(d, c.id) || is_coming_back(d, c.id))
			continue;
		waits = router_get(d->router, c.id, &known);
		if (waits && is_same(&known, &c))
			continue;
		n_found += !waits;
		dispatch_cases_put(d, &c);
		queue_put(d->srv->queue, &c);
	}
	return n_found;
}

/* compares one page, and says where the next one begins; false when this was the last for now */
static bool resync_page(struct pages *p)
{
	struct dispatch *d = p->d;
	int st = p->n_pages == 0, n_found = compare_page(d, &p->op, st);
	bool more;

	if (st == 1)
		n_found += dispatch_told(d->srv, &p->op, 0);
	if (n_found > 0) {
		metric_add(M_SWEPT, (uint64_t)n_found);
		log_event(LOG_NOTICE, "sweep.waiting", "n=%d", n_found);
	}
	more = turn_page(p, st);
	d->resync_due_us = more ? p->due_us : 0;
	d->resync_id = p->id;
	return more && p->n_pages < DISPATCH_RESYNC_PAGES;
}

static enum op_status resync_step(struct op *op)
{
	struct pages *p = (struct pages *)op;

	switch ((enum page_state)op->state) {
	case PAGE_START:
		return ask_page(p, true);

	case PAGE_READ:
		if (pg_failed(op) || is_stale(p) || !p->d->loaded)
			return OP_DONE;
		return resync_page(p) ? ask_page(p, false) : OP_DONE;

	case PAGE_GO_ON:                         /* only loading has pages of more than one turn */
		break;
	}
	return op_bad_state(op);
}

static void resync_done(struct op *op, enum op_status how)
{
	struct dispatch *d = ((struct pages *)op)->d;

	(void)how;
	d->resync = NULL;
	dispatch_release(d);
}

static const struct op_kind resync_kind = {
	.name = "dispatch.resync", .step = resync_step, .done = resync_done, .max_arena_bytes = 4 << 20,
};

void dispatch_resync(struct dispatch *d)
{
	struct pages *p;

	if (!dispatch_leads(d) || !d->loaded || d->resync)
		return;
	dispatch_agents_sweep(d);
	p = pages_new(d, &resync_kind);
	p->due_us = d->resync_due_us;
	if (p->due_us)
		p->id = d->resync_id;
	d->resync = &p->op;
	op_start(d->resync);
}
