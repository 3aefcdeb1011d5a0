/* run.c - the running daemon: every part started in order, watched, and stopped in order */
#include "daemon/run.h"

#include "daemon/api.h"
#include "daemon/attachments.h"
#include "daemon/auth.h"
#include "daemon/automatic.h"
#include "daemon/barrier.h"
#include "daemon/calls.h"
#include "daemon/case_read.h"
#include "daemon/config.h"
#include "daemon/courier.h"
#include "daemon/dispatch.h"
#include "daemon/events.h"
#include "daemon/case_words.h"
#include "daemon/figures.h"
#include "daemon/fetch.h"
#include "daemon/fetcher.h"
#include "daemon/flood.h"
#include "daemon/http.h"
#include "daemon/intake.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/migrate.h"
#include "daemon/op.h"
#include "daemon/outbox.h"
#include "daemon/pg.h"
#include "daemon/poll.h"
#include "daemon/queue.h"
#include "daemon/sse.h"
#include "daemon/stream.h"
#include "daemon/signals.h"
#include "daemon/surveys.h"
#include "daemon/sweep.h"
#include "daemon/receipts.h"
#include "daemon/tasks.h"
#include "daemon/world.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void)0)
#define sd_watchdog_enabled(unset, us) 0
#define sd_listen_fds(unset) 0
#endif

/* LATE_MS: who cannot work by then says so, instead of letting everybody wait */
enum { READY_LOOK_MS = 20, LATE_MS = 5000, STOP_LOOK_MS = 20, WRITE_STALL_MS = 15000,
	STREAM_OUTPUT_BYTES = 256 * 1024, OWN_DESCRIPTORS = 256 };

/* the whole of it; lives as long as run() */
struct running {
	struct server srv;
	const char *config_path;
	struct loop_timer *ready, *stop, *watchdog;
	int watchdog_ms;
	bool is_ready, accepts, was_told, probing;
	int64_t began_us, stop_began_us;
};

/* ---- the process */

static void raise_limits(const struct config *c)
{
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* memory holds what citizens wrote: it goes into no core file and to no debugger */
	if (log_level_from(c->log_level) < LOG_DEBUG) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
}

static int make_folder(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(err, ERR_IO, "state_dir: %s: %s", path, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode) || access(path, W_OK | X_OK))
		return err_set(err, ERR_IO, "state_dir: %s is not a folder we can write in", path);
	return 0;
}

static int make_folders(const struct config *c, char *spool, int cap, struct err *err)
{
	char files[PATH_MAX], quarantine[PATH_MAX];

	if (snprintf(spool, (size_t)cap, "%s/spool", c->state_dir) >= cap ||
	    snprintf(files, sizeof files, "%s/files", c->state_dir) >= (int)sizeof files ||
	    snprintf(quarantine, sizeof quarantine, "%s/quarantine", c->state_dir) >= (int)sizeof quarantine)
		return err_set(err, ERR_IO, "state_dir is too long");
	return make_folder(c->state_dir, err) || make_folder(spool, err) || make_folder(files, err) ||
	       make_folder(quarantine, err) ? -1 : 0;
}

/* listen_on - the sockets systemd hands over, else those of the configuration */
static const char *const *listen_on(const struct config *c)
{
	static char names[CONFIG_MAX_LISTEN][8];
	static const char *given[CONFIG_MAX_LISTEN + 1];
	int n = sd_listen_fds(1);

	for (int i = 0; i < n && i < CONFIG_MAX_LISTEN; i++) {
		snprintf(names[i], sizeof names[i], "fd:%d", 3 + i);
		given[i] = names[i];
	}
	return n > 0 ? given : c->listen;
}

/* ---- ready, and alive */

/* accept_when_ready - another instance may listen on the same socket, and answer with more than 503 until we are */
static void accept_when_ready(struct running *r)
{
	if (!r->accepts && (r->is_ready || mono_us() - r->began_us > LATE_MS * INT64_C(1000))) {
		r->accepts = true;
		http_accept(r->srv.http);
	}
}

static void tell_when_ready(void *arg)
{
	struct running *r = arg;
	const struct server *s = &r->srv;

	r->is_ready = pg_ready(s->pg, PG_SYSTEM) && pg_ready(s->pg, PG_API) && s->world;
	accept_when_ready(r);
	if (!r->is_ready || r->was_told)
		return;
	r->was_told = true;
	loop_timer_stop(r->ready);
	sd_notify(0, "READY=1");
	log_event(LOG_NOTICE, "daemon.ready", "instance=%s", s->instance);
}

/* the watchdog is fed by a round trip through loop, operations and PostgreSQL's state machine. That database may be
 * away, and says so: only a wait that never comes back starves it */
struct probe {
	struct op op;
	struct running *running;
};

enum { PROBE_START, PROBE_CAME_BACK };

static enum op_status probe_step(struct op *op)
{
	struct pg_unit *u;

	switch (op->state) {
	case PROBE_START:
		u = pg_unit(op, PG_SYSTEM, NULL);
		pg_add(u, SQL_LEASE_GET);
		pg_text(u, "watchdog");
		return pg_submit(op, PROBE_CAME_BACK, u);

	case PROBE_CAME_BACK:
		sd_notify(0, "WATCHDOG=1");
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void probe_done(struct op *op, enum op_status how)
{
	(void)how;
	((struct probe *)op)->running->probing = false;
}

static void feed_watchdog(void *arg)
{
	static const struct op_kind kind = { "watchdog", probe_step, probe_done, 4096 };
	struct running *r = arg;

	if (r->probing)
		return;
	struct op *op = op_new(&r->srv, &kind, sizeof(struct probe));
	((struct probe *)op)->running = r;
	r->probing = true;
	op_start(op);
}

static void start_watchdog(struct running *r)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(1, &us) <= 0 || us < 2000)
		return;
	r->watchdog = loop_timer_new(&r->srv, feed_watchdog, r);
	loop_timer_every(r->watchdog, (int)(us / 2000));
}

/* ---- signals */

static void reload(void *arg)
{
	struct running *r = arg;
	struct config fresh;

	if (config_load(&fresh, r->config_path, stderr)) {
		log_event(LOG_ERROR, "daemon.reload", "outcome=refused");
		return;
	}
	log_init((enum log_level)log_level_from(fresh.log_level));
	log_event(LOG_NOTICE, "daemon.reload", "outcome=ok level=%s", fresh.log_level);
	config_done(&fresh);
}

/* stop_further - the requests under way end, then what the parts have begun; never longer than RUN_STOP_MS */
static void stop_further(void *arg)
{
	struct running *r = arg;
	struct server *s = &r->srv;
	int64_t waited_ms = (mono_us() - r->stop_began_us) / 1000;
	bool idle = !http_connections(s->http) && !intake_waiting(s->intake) && !op_count(s);

	if (!idle && waited_ms < RUN_STOP_MS)
		return;
	log_event(LOG_NOTICE, "daemon.stopped", "ms=%d n=%d", (int)waited_ms, op_count(s));
	loop_stop(s);
}

/* stop_begin - nothing new; the lease goes back at once, so that another instance need not wait for its end */
static void stop_begin(void *arg)
{
	struct running *r = arg;

	if (r->srv.stopping)
		return;
	r->srv.stopping = true;
	r->stop_began_us = mono_us();
	sd_notify(0, "STOPPING=1");
	log_event(LOG_NOTICE, "daemon.stopping", "n=%d", op_count(&r->srv));
	http_stop_listening(r->srv.http);
	sse_goodbye(r->srv.sse);
	r->srv.dispatch = dispatch_free(r->srv.dispatch);
	fetcher_stop(r->srv.fetcher);
	loop_timer_every(r->stop, STOP_LOOK_MS);
}

/* ---- start and end */

static void start_parts(struct server *s)
{
	const struct config *c = s->config;

	s->stream = stream_new(s, *c->redis ? c->redis : NULL);
	s->fetch = fetch_new(s);
	s->pg = pg_new(s);
	s->sse = sse_new(s, c->max_streams);
	s->auth = auth_new(s);
	s->queue = queue_new(s);
	s->dispatch = dispatch_new(s);
	s->outbox = outbox_new(s);
	s->events = events_new(s);
	s->automatic = automatic_new(s);
	s->surveys = surveys_new(s);
	s->signals = signals_new(s);
	s->tasks = tasks_new(s);
	s->receipts = receipts_new(s);
	s->figures = figures_new(s);
	s->case_words = case_words_new(s);
	s->fetcher = fetcher_new(s);
	s->attachments = attachments_new(s);
	s->calls = calls_new(s);
	s->case_reads = case_reads_new(s);
	s->flood = flood_new(s);
	s->barrier = barrier_new(s);
	s->intake = intake_new(s);
	s->poll = poll_new(s);
	s->sweep = sweep_new(s);
	world_start(s);
}

/* connections_at_most - as configured, as far as there are descriptors: clients never take those that we need for
 * PostgreSQL, Redis, files and other people's APIs */
static int connections_at_most(const struct config *c)
{
	struct rlimit files;
	int64_t n, own;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur > INT_MAX)
		return c->max_connections;
	n = (int64_t)files.rlim_cur;
	own = n / 2 < OWN_DESCRIPTORS ? n / 2 : OWN_DESCRIPTORS;
	if (n - own >= c->max_connections)
		return c->max_connections;
	log_event(LOG_WARNING, "daemon.descriptors", "n=%d connections=%d", (int)n, (int)(n - own));
	return (int)(n - own);
}

static int start_http(struct server *s, const char *spool, struct err *err)
{
	const struct config *c = s->config;
	const struct http_calls calls = api_calls(s);
	const struct http_limits limits = {
		.max_connections = connections_at_most(c),
		.max_per_address = c->max_per_address,
		.max_header_bytes = c->max_header_bytes,
		.max_headers = c->max_headers,
		.header_ms = c->header_ms,
		.idle_ms = c->idle_ms,
		.write_stall_ms = WRITE_STALL_MS,
		.max_output_bytes = STREAM_OUTPUT_BYTES,
	};

	s->http = http_new(s, &limits, listen_on(c), spool, &calls, err);
	return s->http ? 0 : -1;
}

static void free_parts(struct server *s)
{
	s->dispatch = dispatch_free(s->dispatch);
	s->sweep = sweep_free(s->sweep);
	s->poll = poll_free(s->poll);
	s->figures = figures_free(s->figures);
	s->case_words = case_words_free(s->case_words);
	s->surveys = surveys_free(s->surveys);
	s->signals = signals_free(s->signals);
	s->tasks = tasks_free(s->tasks);
	s->receipts = receipts_free(s->receipts);
	s->automatic = automatic_free(s->automatic);
	s->events = events_free(s->events);
	s->outbox = courier_free(s->outbox);
	s->calls = calls_free(s->calls);
	s->attachments = attachments_free(s->attachments);
	s->fetcher = fetcher_free(s->fetcher);
	s->http = http_free(s->http);
	s->intake = intake_free(s->intake);
	s->barrier = barrier_free(s->barrier);
	s->flood = flood_free(s->flood);
	s->sse = sse_free(s->sse);
	s->auth = auth_free(s->auth);
	s->stream = stream_free(s->stream);   /* answers what is out, also to the queue */
	s->queue = queue_free(s->queue);
	s->fetch = fetch_free(s->fetch);
	s->pg = pg_free(s->pg);
	s->case_reads = case_reads_free(s->case_reads);
	s->world = world_unref(s->world);
	loop_free(s);
}

static void loop_until_stopped(struct running *r)
{
	struct server *s = &r->srv;

	r->began_us = mono_us();
	http_hold(s->http);
	r->ready = loop_timer_new(s, tell_when_ready, r);
	r->stop = loop_timer_new(s, stop_further, r);
	loop_timer_every(r->ready, READY_LOOK_MS);
	loop_on_signal(s, SIGTERM, stop_begin, r);
	loop_on_signal(s, SIGINT, stop_begin, r);
	loop_on_signal(s, SIGHUP, reload, r);
	start_watchdog(r);
	loop_run(s);
	loop_timer_free(r->ready);
	loop_timer_free(r->stop);
	loop_timer_free(r->watchdog);
}

static int bring_up_to_date(const struct config *c, struct err *err)
{
	/* an index of all that was ever said takes longer than a start may (TimeoutStartSec) */
	sd_notify(0, "EXTEND_TIMEOUT_USEC=3600000000");

	int rc = c->migrate ? migrate_run(c, err) : migrate_check(c, err);

	sd_notify(0, "EXTEND_TIMEOUT_USEC=60000000");
	if (rc == MIGRATE_PENDING)
		return err_set(err, ERR_FORMAT, "the schema is not up to date: run loketd --migrate, or set migrate = true");
	return rc;
}

int run(const struct config *c, const char *path)
{
	struct running r = { .srv = { .config = c }, .config_path = path };
	char spool[PATH_MAX];
	struct err err;

	raise_limits(c);
	json_object_seed(0);
	g_mime_init();
	if (make_folders(c, spool, sizeof spool, &err) || bring_up_to_date(c, &err) || loop_new(&r.srv, &err)) {
		log_event(LOG_ERROR, "daemon.start", "outcome=failed what=\"%s\"", err.text);
		return -1;
	}
	start_parts(&r.srv);
	if (start_http(&r.srv, spool, &err)) {
		log_event(LOG_ERROR, "daemon.start", "outcome=failed what=\"%s\"", err.text);
		free_parts(&r.srv);
		return -1;
	}
	loop_until_stopped(&r);
	free_parts(&r.srv);
	g_mime_shutdown();
	return 0;
}
