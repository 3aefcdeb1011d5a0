/* loop.c - the event loop, its timers and signals, the clocks and the kernel's random numbers */
#include "daemon/loop.h"

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/op.h"
#include "lib/base/must.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { MAX_SIGNALS = 8, RANDOM_POOL_BYTES = 1024 };

struct loop_timer {
	struct event *ev;
	loop_fn *fn;
	void *arg;
	int every_ms;          /* 0: once */
	struct server *srv;
};

struct loop {
	struct server *srv;
	struct loop_timer *lag;
	int64_t lag_due_us;
	struct event *signals[MAX_SIGNALS];
	struct loop_signal {
		loop_fn *fn;
		void *arg;
	} signal_fns[MAX_SIGNALS];
	int n_signals;
};

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t now_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t mono_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static void random_fill(uint8_t *out, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();       /* ids and tokens without chance would be worse than none */
		out += got;
		n -= (size_t)got;
	}
}

/* ids take 10 bytes each: a system call per kilobyte instead of per id. Bytes are wiped as they go out */
void random_bytes(void *out, int n)
{
	static uint8_t pool[RANDOM_POOL_BYTES];
	static int left;
	uint8_t *from;

	assert(n >= 0);
	if (n > RANDOM_POOL_BYTES / 4) {
		random_fill(out, (size_t)n);
		return;
	}
	if (left < n) {
		random_fill(pool, sizeof(pool));
		left = RANDOM_POOL_BYTES;
	}
	left -= n;
	from = pool + left;
	memcpy(out, from, (size_t)n);
	explicit_bzero(from, (size_t)n);
}

int random_below(int n)
{
	uint32_t r;

	assert(n > 0);
	random_bytes(&r, sizeof(r));
	return (int)(r % (uint32_t)n);
}

struct uuid server_uuid(struct server *srv)
{
	uint8_t random[10];

	random_bytes(random, sizeof(random));
	return uuid_make(&srv->uuids, (uint64_t)(now_us() / 1000), random);
}

/* ---------------------------------------------------------------- timers */

static struct timeval ms_to_timeval(int ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;
	struct timeval tv = ms_to_timeval(t->every_ms);

	(void)fd;
	(void)what;
	if (t->every_ms > 0)
		event_add(t->ev, &tv);   /* before fn, which may stop or free the timer */
	t->fn(t->arg);
}

struct loop_timer *loop_timer_new(struct server *srv, loop_fn *fn, void *arg)
{
	struct loop_timer *t = must(calloc(1, sizeof(*t)));

	*t = (struct loop_timer){ .fn = fn, .arg = arg, .srv = srv };
	t->ev = must(event_new(srv->base, -1, 0, on_timer, t));
	return t;
}

struct loop_timer *loop_timer_free(struct loop_timer *t)
{
	if (t != NULL) {
		event_free(t->ev);
		free(t);
	}
	return NULL;
}

static void timer_start(struct loop_timer *t, int ms, int every_ms)
{
	struct timeval tv = ms_to_timeval(ms);

	assert(ms >= 0);
	t->every_ms = every_ms;
	event_add(t->ev, &tv);
}

void loop_timer_once(struct loop_timer *t, int ms)
{
	timer_start(t, ms, 0);
}

void loop_timer_every(struct loop_timer *t, int ms)
{
	assert(ms > 0);
	timer_start(t, ms, ms);
}

/* libevent runs what is active in order of activation: after all that this turn's look at the kernel found */
void loop_timer_soon(struct loop_timer *t)
{
	t->every_ms = 0;
	event_active(t->ev, EV_TIMEOUT, 0);
}

void loop_timer_stop(struct loop_timer *t)
{
	t->every_ms = 0;
	event_del(t->ev);
}

/* ---------------------------------------------------------------- slow turns */

/*
 * libevent 2.1 has no hook around a turn. A timer that comes late says how long the turn was that kept it:
 * always noticed from LOOP_LAG_EVERY_MS on, shorter ones by sample.
 */
static void measure_lag(void *arg)
{
	struct loop *l = arg;
	int64_t now = mono_us(), late = now - l->lag_due_us;

	if (late > 1000)
		metric_observe_us(M_LOOP_LAG_US, late);
	if (late > LOOP_SLOW_US)
		log_event(LOG_WARNING, "loop.slow", "ms=%lld", (long long)(late / 1000));
	l->lag_due_us = now + LOOP_LAG_EVERY_MS * 1000;
	loop_timer_once(l->lag, LOOP_LAG_EVERY_MS);
}

/* ---------------------------------------------------------------- signals */

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)signo;
	(void)what;
	s->fn(s->arg);
}

void loop_on_signal(struct server *srv, int signo, loop_fn *fn, void *arg)
{
	struct loop *l = srv->loop;
	int i = l->n_signals++;

	assert(i < MAX_SIGNALS);
	l->signal_fns[i] = (struct loop_signal){ fn, arg };
	l->signals[i] = must(evsignal_new(srv->base, signo, on_signal, &l->signal_fns[i]));
	if (event_add(l->signals[i], NULL) != 0)
		abort();
}

/* ---------------------------------------------------------------- the loop */

static struct event_base *base_new(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base;

	if (c == NULL)
		return NULL;
	event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);   /* one thread */
	base = event_base_new_with_config(c);
	event_config_free(c);
	return base;
}

int loop_new(struct server *srv, struct err *err)
{
	signal(SIGPIPE, SIG_IGN);
	srv->base = base_new();
	srv->loop = calloc(1, sizeof(*srv->loop));
	if (srv->base == NULL || srv->loop == NULL)
		return err_set(err, ERR_IO, "no event loop");
	srv->loop->srv = srv;
	srv->ops = op_queue_new(srv);
	uuid_format(server_uuid(srv), srv->instance);
	return 0;
}

void loop_free(struct server *srv)
{
	struct loop *l = srv->loop;

	srv->ops = op_queue_free(srv->ops);
	if (l != NULL) {
		for (int i = 0; i < l->n_signals; i++)
			event_free(l->signals[i]);
		loop_timer_free(l->lag);
		free(l);
		srv->loop = NULL;
	}
	if (srv->base != NULL)
		event_base_free(srv->base);
	srv->base = NULL;
}

void loop_run(struct server *srv)
{
	struct loop *l = srv->loop;

	if (l->lag == NULL)
		l->lag = loop_timer_new(srv, measure_lag, l);
	l->lag_due_us = mono_us() + LOOP_LAG_EVERY_MS * 1000;
	loop_timer_once(l->lag, LOOP_LAG_EVERY_MS);
	event_base_loop(srv->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct server *srv)
{
	event_base_loopbreak(srv->base);
}
