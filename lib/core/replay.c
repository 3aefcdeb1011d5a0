/* replay.c - what is kept of a decision, and the decision again; weighed by the same steps as in route.c */
#include "lib/core/replay.h"

#include "lib/core/route_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- keeping */

static struct replay_who who_of(const struct route_view *v, const struct route_agent *a, enum route_why why)
{
	struct route_terms t;

	route_terms(v->s, v->p, v->c, a, v->now_us, &t);
	return (struct replay_who){
		.agent = a->id,
		.why = why,
		.idle_us = v->now_us > a->idle_since_us ? v->now_us - a->idle_since_us : 0,
		.q = t.q,
		.sd = t.sd,
		.busier = (double)a->occupancy - v->s->occupancy,
		.knows = route_bit(a->knows, v->c->municipality),
		.before = !route_is_nil(v->c->previous.u) && route_compare(v->c->previous.u, a->id.u) == 0,
		.in_hand = a->busy_total > 0,
	};
}

static void weigh(const struct replay_log *l, const struct route_policy *p, enum route_method method,
		  const struct replay_who *w, struct route_terms *t)
{
	const struct route_state s = {.n_ready = l->n_ready, .n_idle = l->n_idle};
	/* as they were; only who does not know the municipality counts for another part now */
	double again =
		w->knows || p->unfamiliar == l->policy.unfamiliar ? 1 : p->unfamiliar / l->policy.unfamiliar;

	*t = (struct route_terms){.q = again * w->q, .sd = again * w->sd};
	if (method == METHOD_FIFO)
		return;
	t->occupancy = -p->occupancy * w->busier;
	t->sticky = w->before ? p->sticky : 0;
	if (l->kind == KIND_CHAT && w->in_hand)
		t->packing = route_few_idle(&s, p) ? p->packing : -p->packing;
	t->score = route_score(t->q + p->optimism * t->sd, t->occupancy, t->sticky, t->packing);
}

/* index of the one of who[n] whom this method asks first; -1: nobody. Counts them in *d */
static int first_of(const struct replay_log *l, const struct route_policy *p, enum route_method method,
		    const struct replay_who *who, int n,
		    bool (*may)(const struct replay_log *, const struct route_policy *, enum route_method,
				const struct replay_who *),
		    struct route_decision *d)
{
	struct route_candidate one;

	d->chosen = -1;
	d->n_candidates = 0;
	for (int i = 0; i < n; i++) {
		if (!may(l, p, method, &who[i]))
			continue;
		one = (struct route_candidate){.agent = who[i].agent, .idle_us = who[i].idle_us};
		weigh(l, p, method, &who[i], &one.terms);
		route_add_candidate(d, &one, i);
	}
	return d->chosen;
}

static bool could(const struct replay_log *l, const struct route_policy *p, enum route_method method,
		  const struct replay_who *w)
{
	(void)l, (void)p, (void)method;
	return w->why == WHY_OK;
}

void replay_note(struct replay_log *l, const struct route_state *s, const struct route_case *c,
		 const char *product, const struct route_decision *d,
		 const struct route_agent *(*find)(void *arg, struct agent_id id), void *arg, int64_t now_us)
{
	struct route_view v = {s, route_policy_of(s, c), c, now_us, 0, 0};
	struct replay_who all[ROUTE_MAX_EXPLAINED];
	struct route_decision other;
	int i;

	*l = (struct replay_log){
		.id = c->id,
		.product = c->option0 ? "option0" : product,
		.kind = c->kind,
		.method = c->method,
		.option0 = c->option0,
		.wanted = !route_is_nil(c->wanted.u),
		.team = c->team != 0,
		.waited_us = now_us > c->arrived_us ? now_us - c->arrived_us : 0,
		.bar = d->bar,
		.n_ready = s->n_ready,
		.n_idle = s->n_idle,
		.n_candidates = d->n_candidates,
		.policy = *v.p,
	};
	for (i = 0; i < d->n_candidates; i++)
		all[i] = who_of(&v, find(arg, d->candidates[i].agent), WHY_OK);
	for (i = 0; i < d->n_candidates && i < REPLAY_BEST; i++)
		l->who[l->n++] = all[i];
	i = first_of(l, v.p, c->method == METHOD_FIFO ? METHOD_FTF : METHOD_FIFO, all, d->n_candidates, could,
		     &other);
	if (i >= REPLAY_BEST)
		l->who[l->n++] = all[i];
	for (i = 0; i < d->n_left_out && l->n < REPLAY_WHO; i++)
		if (d->left_out[i].why == WHY_HELD || d->left_out[i].why == WHY_UNFAMILIAR)
			l->who[l->n++] = who_of(&v, find(arg, d->left_out[i].agent), d->left_out[i].why);
}

/* ---------------------------------------------------------------- text */

enum { BIT_KNOWS = 1, BIT_BEFORE = 2, BIT_IN_HAND = 4, BIT_HELD = 8, BIT_UNFAMILIAR = 16 };

static int bits_of(const struct replay_who *w)
{
	return (w->knows ? BIT_KNOWS : 0) | (w->before ? BIT_BEFORE : 0) | (w->in_hand ? BIT_IN_HAND : 0) |
	       (w->why == WHY_HELD ? BIT_HELD : 0) | (w->why == WHY_UNFAMILIAR ? BIT_UNFAMILIAR : 0);
}

static const char *boolean(bool b)
{
	return b ? "true" : "false";
}

/* all of a double, and sooner written than its digits */
static long long bits_in(double x)
{
	int64_t n;

	memcpy(&n, &x, sizeof(n));
	return n;
}

static double double_of(json_int_t bits)
{
	int64_t n = bits;
	double x;

	memcpy(&x, &n, sizeof(x));
	return x;
}

enum { HEAD_BYTES = 512, WHO_BYTES = 160 }; /* the longest there can be is shorter: a product has 80 letters */

/* by hand: it is written with every offer, while the loop waits */
const char *replay_write(struct arena *a, const struct replay_log *l)
{
	char *out = arena_alloc(a, HEAD_BYTES + (size_t)l->n * WHO_BYTES), *p = out, id[UUID_TEXT];

	uuid_format(l->id.u, id);
	p += snprintf(p, HEAD_BYTES,
		      "{\"case\":\"%s\",\"product\":\"%.80s\",\"kind\":%d,\"method\":\"%s\",\"option0\":%s,"
		      "\"wanted\":%s,\"team\":%s,\"waitedUs\":%lld,\"bar\":%lld,\"ready\":%d,\"idle\":%d,"
		      "\"candidates\":%d,\"who\":[",
		      id, l->product, (int)l->kind, route_method_name(l->method), boolean(l->option0),
		      boolean(l->wanted), boolean(l->team), (long long)l->waited_us, bits_in(l->bar),
		      l->n_ready, l->n_idle, l->n_candidates);
	for (int i = 0; i < l->n; i++) {
		const struct replay_who *w = &l->who[i];

		uuid_format(w->agent.u, id);
		p += snprintf(p, WHO_BYTES, "%s[\"%s\",%d,%lld,%lld,%lld,%lld]", i ? "," : "", id, bits_of(w),
			      (long long)w->idle_us, bits_in(w->q), bits_in(w->sd), bits_in(w->busier));
	}
	snprintf(p, WHO_BYTES, "]}");
	return out;
}

static bool read_who(struct replay_who *w, json_t *j)
{
	const char *id;
	json_int_t idle, q, sd, busier;
	int bits;

	*w = (struct replay_who){0};
	if (json_unpack(j, "[s, i, I, I, I, I]", &id, &bits, &idle, &q, &sd, &busier) ||
	    !uuid_parse(id, &w->agent.u))
		return false;
	w->idle_us = idle;
	w->q = double_of(q);
	w->sd = double_of(sd);
	w->busier = double_of(busier);
	w->knows = bits & BIT_KNOWS;
	w->before = bits & BIT_BEFORE;
	w->in_hand = bits & BIT_IN_HAND;
	w->why = bits & BIT_HELD ? WHY_HELD : bits & BIT_UNFAMILIAR ? WHY_UNFAMILIAR : WHY_OK;
	return isfinite(w->q) && isfinite(w->sd) && isfinite(w->busier);
}

bool replay_read(struct replay_log *l, const json_t *j, const struct route_policy *p)
{
	const char *id, *method;
	int kind, option0, wanted, team;
	json_int_t waited, bar;
	json_t *who;

	*l = (struct replay_log){.policy = *p};
	if (json_unpack((json_t *)j, "{s:s, s:s, s:i, s:s, s:b, s:b, s:b, s:I, s:I, s:i, s:i, s:i, s:o}",
			"case", &id, "product", &l->product, "kind", &kind, "method", &method, "option0",
			&option0, "wanted", &wanted, "team", &team, "waitedUs", &waited, "bar", &bar,
			"ready", &l->n_ready, "idle", &l->n_idle, "candidates", &l->n_candidates, "who",
			&who) ||
	    !uuid_parse(id, &l->id.u) || kind < 0 || kind >= N_ROUTE_KINDS || !isfinite(double_of(bar)))
		return false;
	l->kind = (enum route_kind)kind;
	l->method = strcmp(method, route_method_name(METHOD_FIFO)) == 0 ? METHOD_FIFO : METHOD_FTF;
	l->option0 = option0;
	l->wanted = wanted;
	l->team = team;
	l->waited_us = waited;
	l->bar = double_of(bar);
	for (size_t i = 0; i < json_array_size(who); i++)
		if (l->n == REPLAY_WHO || !read_who(&l->who[l->n++], json_array_get(who, i)))
			return false;
	return l->n > 0;
}

/* ---------------------------------------------------------------- again */

/* the arm stays what was drawn, unless what it is drawn from was changed */
static enum route_method method_of(const struct replay_log *l, const struct route_policy *p)
{
	return p->method == l->policy.method && p->control_share == l->policy.control_share
		       ? l->method
		       : route_arm(p, l->id);
}

static double bar_of(const struct replay_log *l, const struct route_policy *p, enum route_method method)
{
	double waited = (double)l->waited_us / 1e6, then = 1 - waited / l->policy.hold_s;

	if (method == METHOD_FIFO || l->bar <= 0 || p->hold_price <= 0 || waited >= p->hold_s)
		return 0;
	return p->hold_s == l->policy.hold_s ? l->bar : l->bar / then * (1 - waited / p->hold_s);
}

/* what a change of the policy may change: H3, and the bar */
static bool may_now(const struct replay_log *l, const struct route_policy *p, enum route_method method,
		    const struct replay_who *w)
{
	double bar = bar_of(l, p, method);
	struct route_terms t;

	if (!w->knows && !l->wanted && (double)l->waited_us < p->relax_s[l->kind] * 1e6)
		return false;
	weigh(l, p, method, w, &t);
	return t.q + p->optimism * t.sd >= bar || bar <= 0;
}

/* were all of them kept who matter? By method alone: who the other one asks was kept as well */
static bool is_known(const struct replay_log *l, const struct route_policy *p)
{
	struct route_policy same = *p;

	if (l->n_candidates <= REPLAY_BEST)
		return true;
	same.method = l->policy.method;
	same.control_share = l->policy.control_share;
	return l->n_candidates < ROUTE_MAX_EXPLAINED ? policy_same(&same, &l->policy)
						     : policy_same(p, &l->policy);
}

void replay_decide(const struct replay_log *l, const struct route_policy *p, struct replay_choice *out)
{
	enum route_method method = method_of(l, p);
	struct route_case c = {.option0 = l->option0, .method = method};
	struct route_view v = {.c = &c};
	struct route_decision d;
	int n_kept;

	c.wanted.u.b[0] = l->wanted;
	out->who = first_of(l, p, method, l->who, l->n, may_now, &d);
	out->method = method;
	out->known = is_known(l, p);
	out->terms = out->who >= 0 ? d.candidates[0].terms : (struct route_terms){0};
	n_kept = d.n_candidates;
	if (n_kept == 1 && l->n_candidates > REPLAY_BEST)
		d.n_candidates = 2; /* there were others */
	out->rule = out->who >= 0 ? route_decided(&v, &d) : RULE_HELD;
}

const char *replay_why_not(const char *setting)
{
	static const struct {
		const char *name, *why;
	} others[] = {
		{"advantage", "orders the cases that an agent may take; what else waited is not kept"},
		{"targetPhone", "orders the cases that an agent may take; what else waited is not kept"},
		{"targetChat", "orders the cases that an agent may take; what else waited is not kept"},
		{"targetAsync", "orders the cases that an agent may take; what else waited is not kept"},
		{"maxWaitPhone", "orders the cases that an agent may take; what else waited is not kept"},
		{"maxWaitChat", "orders the cases that an agent may take; what else waited is not kept"},
		{"maxWaitAsync", "orders the cases that an agent may take; what else waited is not kept"},
		{"holdPrice", "makes the bar out of the estimates of everybody, which are not kept"},
		{"holdChance", "makes the bar out of the estimates of everybody, which are not kept"},
		{"priorWeight", "changes what was learned, not how it is weighed"},
		{"priorSpread", "changes what was learned, not how it is weighed"},
		{"halfLifeDays", "changes what was learned, not how it is weighed"},
		{"benchmarkRate", "changes what was learned, not how it is weighed"},
		{"learning", "changes what was learned, not how it is weighed"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i].name, setting) == 0)
			return others[i].why;
	return NULL;
}
