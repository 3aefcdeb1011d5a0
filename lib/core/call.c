/* call.c - the fold: sorted once, then one walk */
#include "lib/core/call.h"

#include <stdlib.h>
#include <string.h>

static const char *const event_names[N_CALL_EVENTS] = {
	[CALL_EV_RINGING] = "ringing", [CALL_EV_KEY] = "key", [CALL_EV_QUEUED] = "queued",
	[CALL_EV_OFFERED] = "offered", [CALL_EV_ANSWERED] = "answered", [CALL_EV_HELD] = "held",
	[CALL_EV_RESUMED] = "resumed", [CALL_EV_TRANSFERRED] = "transferred", [CALL_EV_ASK] = "ask",
	[CALL_EV_PROMISED] = "promised", [CALL_EV_CALLED_BACK] = "calledBack", [CALL_EV_ENDED] = "ended",
};
static const char *const state_names[N_CALL_STATES] = {
	[CALL_RINGING] = "ringing", [CALL_MENU] = "menu", [CALL_WAITING] = "waiting",
	[CALL_TALKING] = "talking", [CALL_ENDED] = "ended",
};
static const char *const outcome_names[N_CALL_OUTCOMES] = {
	[CALL_OPEN] = "", [CALL_ANSWERED] = "answered", [CALL_ABANDONED] = "abandoned",
	[CALL_CALLED_BACK] = "calledBack", [CALL_PROMISED] = "promised",
};

static int order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* every field counts, so that the order is that of the set and not of the list */
static int by_time(const void *a, const void *b)
{
	const struct call_event *x = a, *y = b;
	int d;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	d = order(x->event_id, y->event_id);
	if (!d)
		d = order(x->key, y->key);
	return d ? d : order(x->agent, y->agent);
}

/* a key means what it meant when it was pressed: a choice, or the answer to what is said to who waits */
static void press(struct call *c, const struct call_event *e)
{
	size_t n = strlen(c->keys);

	if (!e->key)
		return;
	c->option0 |= e->key[0] == '0';
	if (!c->queued_us || e->at_us <= c->queued_us) {
		if (n < CALL_MAX_KEYS)
			c->keys[n] = e->key[0];
	} else if (!c->answered_us) {
		c->wants_back |= e->key[0] == CALL_KEY_BACK;
	}
}

static void first(int64_t *at, int64_t us)
{
	if (!*at)
		*at = us;
}

/* what each event tells by itself; the times between them come after */
static void walk(const struct call_event *events, int n, struct call *c, bool seen[N_CALL_EVENTS], int64_t *last_key_us)
{
	for (int i = 0; i < n; i++) {
		const struct call_event *e = &events[i];

		if (i && !by_time(e, e - 1))
			continue;
		seen[e->kind] = true;
		c->last_us = e->at_us;
		if (e->kind == CALL_EV_KEY) {
			press(c, e);
			if (!c->answered_us)
				*last_key_us = e->at_us;
		}
		if (e->kind == CALL_EV_ANSWERED)
			first(&c->answered_us, e->at_us);
		if (e->kind == CALL_EV_PROMISED)
			first(&c->promised_us, e->at_us);
		if ((e->kind == CALL_EV_ANSWERED || e->kind == CALL_EV_TRANSFERRED) && e->agent)
			c->agent = e->agent;
	}
}

/* our own word counts only when the exchange has none */
static int64_t queued(const struct call_event *events, int n)
{
	int64_t theirs = 0, ours = 0;

	for (int i = 0; i < n; i++)
		if (events[i].kind == CALL_EV_QUEUED)
			first(strcmp(events[i].event_id, CALL_QUEUED) != 0 ? &theirs : &ours, events[i].at_us);
	return theirs ? theirs : ours;
}

/* told twice, the first counts: of those that come after the answer, and before our own that makes an end of silence */
static void end(const struct call_event *events, int n, struct call *c)
{
	int best = -1;

	for (int i = 0; i < n; i++) {
		const struct call_event *e = &events[i];
		int good = e->at_us >= c->answered_us ? 2 : 1;

		if (e->kind != CALL_EV_ENDED)
			continue;
		good = strcmp(e->event_id, CALL_SILENT) != 0 ? good : 0;
		if (good > best) {
			best = good;
			c->ended_us = e->at_us;
		}
	}
	/* an answer after the end is a clock that differs: there was an answer */
	if (c->ended_us && c->ended_us < c->answered_us)
		c->ended_us = c->answered_us;
}

static int64_t held(const struct call_event *events, int n, const struct call *c)
{
	int64_t since = 0, sum = 0;

	for (int i = 0; i < n; i++) {
		int64_t at = events[i].at_us < c->ended_us ? events[i].at_us : c->ended_us;

		if (at < c->answered_us)
			continue;
		if (events[i].kind == CALL_EV_HELD && !since) {
			since = at;
		} else if (events[i].kind == CALL_EV_RESUMED && since) {
			sum += at - since;
			since = 0;
		}
	}
	return sum + (since ? c->ended_us - since : 0);
}

static enum call_outcome outcome(const bool seen[N_CALL_EVENTS])
{
	if (seen[CALL_EV_ANSWERED])
		return CALL_ANSWERED;
	if (seen[CALL_EV_CALLED_BACK])
		return CALL_CALLED_BACK;
	return seen[CALL_EV_PROMISED] ? CALL_PROMISED : CALL_ABANDONED;
}

static enum call_state state(const struct call *c, const bool seen[N_CALL_EVENTS])
{
	if (c->ended_us)
		return CALL_ENDED;
	if (c->answered_us)
		return CALL_TALKING;
	if (c->queued_us || seen[CALL_EV_OFFERED])
		return CALL_WAITING;
	return seen[CALL_EV_KEY] ? CALL_MENU : CALL_RINGING;
}

void call_fold(struct call_event *events, int n, struct call *c)
{
	bool seen[N_CALL_EVENTS] = { false };
	int64_t last_key_us = 0, waited_from;

	memset(c, 0, sizeof *c);
	qsort(events, (size_t)n, sizeof *events, by_time);
	c->started_us = events[0].at_us;
	c->queued_us = queued(events, n);
	walk(events, n, c, seen, &last_key_us);
	end(events, n, c);
	c->state = state(c, seen);
	waited_from = c->queued_us ? c->queued_us : last_key_us ? last_key_us : c->started_us;
	if (c->answered_us)
		c->waited_us = c->answered_us > waited_from ? c->answered_us - waited_from : 0;
	if (c->state != CALL_ENDED)
		return;
	c->outcome = outcome(seen);
	if (!c->answered_us) {
		c->waited_us = c->ended_us > waited_from ? c->ended_us - waited_from : 0;
		return;
	}
	c->held_us = held(events, n, c);
	c->talked_us = c->ended_us - c->answered_us - c->held_us;
}

/* who hung up before anybody answered */
static enum call_do left(const struct call *c, const struct call_facts *f, const char **reason)
{
	if (c->outcome != CALL_ABANDONED || f->kept || !f->reachable || !(f->option0 || f->wants_back || f->promised))
		return CALL_DO_END;
	*reason = f->wants_back ? "asked" : "abandoned";
	return CALL_DO_PROMISE;
}

enum call_do call_decide(const struct call *c, const struct call_facts *f, const char **reason)
{
	if (c->state == CALL_ENDED)
		return left(c, f, reason);
	if (c->promised_us)
		return CALL_DO_END;
	if (f->taken || c->state == CALL_TALKING)
		return f->rings ? CALL_DO_CONNECT : CALL_DO_WAIT;
	*reason = f->wants_back ? "asked" : f->open ? "noCoach" : "closed";
	if (f->reachable && (f->wants_back || (!f->agents && (f->option0 || !f->open))))
		return CALL_DO_PROMISE;
	if (!f->agents && !f->open)
		return CALL_DO_CLOSED;
	return f->in_menu ? CALL_DO_MENU : CALL_DO_WAIT;
}

int call_event_kind_from(const char *word)
{
	for (int k = 0; word && k < N_CALL_EVENTS; k++)
		if (!strcmp(word, event_names[k]))
			return k;
	return -1;
}

const char *call_event_kind_name(enum call_event_kind k)
{
	return (unsigned)k < N_CALL_EVENTS ? event_names[k] : "";
}

bool call_event_is_theirs(enum call_event_kind k)
{
	return k != CALL_EV_PROMISED && k != CALL_EV_CALLED_BACK;
}

const char *call_state_name(enum call_state s)
{
	return (unsigned)s < N_CALL_STATES ? state_names[s] : "";
}

const char *call_outcome_name(enum call_outcome o)
{
	return (unsigned)o < N_CALL_OUTCOMES ? outcome_names[o] : "";
}
