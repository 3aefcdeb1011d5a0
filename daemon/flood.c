#include "daemon/flood.h"

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/rate.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/must.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)

enum { NAME_BYTES = 600 };   /* what is longer shares a budget with what begins the same */

/* one line a minute for what happens thousands of times in it */
struct told {
	int64_t next_us;
	int n;
};

struct flood {
	struct server *srv;
	struct rate forms, inboxes, municipalities, senders, guesses, looks;
	int n_slowed;
	size_t bytes_slowed;
	struct told slowed, refused, quieted;
};

struct flood *flood_new(struct server *srv)
{
	struct flood *f = must(calloc(1, sizeof *f));

	f->srv = srv;
	return f;
}

struct flood *flood_free(struct flood *f)
{
	free(f);
	return NULL;
}

/* event: a constant */
static void tell(struct told *t, const char *event, const struct world_inbox *in)
{
	int64_t now = mono_us();

	t->n++;
	if (now < t->next_us)
		return;
	log_event(LOG_WARNING, event, "inbox=%s n=%d", in->in.id, t->n);
	*t = (struct told){ .next_us = now + MINUTE_US };
}

/* of an address or a sender: what fits in a minute may come at once; who goes on stays over it */
static struct budget_rule a_minute(int n)
{
	return budget_rule(n, MINUTE_US, MINUTE_US, 2 * MINUTE_US);
}

static struct budget_rule a_second(int n)
{
	return budget_rule(n, SECOND_US, FLOOD_AHEAD_S * SECOND_US, FLOOD_DEBT_S * SECOND_US);
}

/* the two that a post is held against */
struct spent {
	struct budget *inbox, *municipality;
	struct budget_rule of_inbox, of_municipality;
};

static struct spent spent_on(struct flood *f, const struct world_inbox *in)
{
	const struct config *c = f->srv->config;

	return (struct spent){
		.inbox = rate_of(&f->inboxes, in->in.id),
		.municipality = rate_of(&f->municipalities, in->in.municipality),
		.of_inbox = a_second(in->per_second ? in->per_second : c->inbox_contacts_per_second),
		.of_municipality = a_second(c->municipality_contacts_per_second),
	};
}

static int64_t wait_us(const struct spent *s, int64_t now)
{
	int64_t a = budget_wait(s->inbox, s->of_inbox, now);
	int64_t b = budget_wait(s->municipality, s->of_municipality, now);

	return a > b ? a : b;
}

static void take(const struct spent *s, int n, int64_t now)
{
	budget_take(s->inbox, s->of_inbox, n, now);
	budget_take(s->municipality, s->of_municipality, n, now);
}

static void refused(struct flood *f, const struct world_inbox *in)
{
	metric_add(M_FLOOD_REFUSED, 1);
	tell(&f->refused, "flood.refused", in);
}

bool flood_form(struct flood *f, const struct world_inbox *in, const char *from)
{
	struct budget_rule rule = a_minute(f->srv->config->form_posts_per_minute);
	struct budget *of = rate_of(&f->forms, from);
	struct spent s = spent_on(f, in);
	int64_t now = mono_us();

	if (budget_wait(of, rule, now) || wait_us(&s, now)) {
		refused(f, in);
		return false;
	}
	budget_take(of, rule, 1, now);
	take(&s, 1, now);
	return true;
}

int flood_post(struct flood *f, const struct world_inbox *in, int n, size_t bytes)
{
	struct spent s = spent_on(f, in);
	int64_t now = mono_us(), wait = wait_us(&s, now);

	if (wait > FLOOD_WAIT_MS * 1000 ||
	    (wait && (f->n_slowed >= FLOOD_MAX_SLOWED || f->bytes_slowed + bytes > FLOOD_MAX_SLOWED_BYTES))) {
		refused(f, in);
		return -1;
	}
	take(&s, n, now);
	if (!wait)
		return 0;
	f->n_slowed++;
	f->bytes_slowed += bytes;
	metric_add(M_FLOOD_SLOWED, 1);
	tell(&f->slowed, "flood.slowed", in);
	return (int)((wait + 999) / 1000);
}

void flood_waited(struct flood *f, size_t bytes)
{
	f->n_slowed--;
	f->bytes_slowed -= bytes;
}

bool flood_sender(struct flood *f, const struct world_inbox *in, const char *kind, const char *value)
{
	int n = in->sender_per_minute ? in->sender_per_minute : f->srv->config->sender_contacts_per_minute;
	struct budget_rule rule = a_minute(n);
	char name[NAME_BYTES];
	struct budget *of;
	bool over;

	snprintf(name, sizeof name, "%s %s %s", in->in.municipality, kind, value);
	of = rate_of(&f->senders, name);
	over = budget_wait(of, rule, mono_us()) > 0;
	budget_take(of, rule, 1, mono_us());
	if (over) {
		metric_add(M_FLOOD_QUIETED, 1);
		tell(&f->quieted, "flood.sender", in);
	}
	return over;
}

bool flood_guess(struct flood *f, const char *from)
{
	bool may = !budget_wait(rate_of(&f->guesses, from), a_minute(FLOOD_GUESSES), mono_us());

	metric_add(M_FLOOD_REFUSED, !may);
	return may;
}

void flood_guessed(struct flood *f, const char *from)
{
	budget_take(rate_of(&f->guesses, from), a_minute(FLOOD_GUESSES), 1, mono_us());
}

bool flood_looks(struct flood *f, const char *reference)
{
	struct budget *of = rate_of(&f->looks, reference);
	int64_t now = mono_us();

	if (budget_wait(of, a_minute(FLOOD_LOOKS), now)) {
		metric_add(M_FLOOD_REFUSED, 1);
		return false;
	}
	budget_take(of, a_minute(FLOOD_LOOKS), 1, now);
	return true;
}
