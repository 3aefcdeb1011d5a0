/*
 * pg_conn.c - one connection: connect, prepare, send, read, lose, try again
 *
 * libpq's pipeline is a FIFO of ours too: each unit is its statements and one Sync. A statement ends with a
 * NULL from PQgetResult, a Sync does not. When COMMIT itself fails there is one more error, with a NULL, while the
 * Sync is at the head. An idle pipeline is never busy and gives NULL for ever, so we read only while a unit is out.
 * source: libpq's documentation of pipeline mode (PostgreSQL 15), read 2026-11-21
 */
#include "daemon/pg_unit.h"

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/resolve.h"
#include "lib/base/must.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_FIRST_MS = 50, BACKOFF_MAX_MS = 1000, CHECK_MS = 1000, MAX_NULLS = 8, MAX_STALE = 3 };

#define READ_ONLY "25006"               /* read_only_sql_transaction */

enum conn_state { CONN_DOWN, CONN_RESOLVING, CONN_CONNECTING, CONN_PREPARING, CONN_READY };

struct pg_conn {
	struct server *srv;
	enum pg_connection which;
	const struct pg_hosts *hosts;
	int host;                       /* of hosts: this one is tried, or connected to */
	int failed;                     /* tries since it was ready */
	const char *user;
	enum conn_state state;
	int session;                    /* counts */
	struct resolve *lookup;
	PGconn *pq;
	struct event *read, *write;
	struct loop_timer *timer;       /* down: try again. Connecting: give up. Ready: look whether it lives */
	int backoff_ms;
	int preparing;                  /* the statement whose answer comes next; -1: that all go first */
	bool stale;                     /* the schema changed: all is prepared anew, as soon as nothing is out */
	bool renewing;                  /* that is under way; units wait */
	bool told;                      /* that it is down: one line, not one a second */
	struct pg_units waiting, sent;
	int n_waiting, n_sent;
	int64_t heard_us;               /* last sign of life while something was out, or the last beat */
	bool beating;                   /* a Sync without statements is out, before all that was sent later */
	int64_t beat_us;
	bool read_only;                 /* it was the primary, and is no more */
};

static const char *const conn_names[] = {
	[PG_SYSTEM] = "system", [PG_API] = "api", [PG_BULK] = "bulk", [PG_INTAKE] = "intake",
	[PG_BARRIER] = "barrier",
};

static void conn_lost(struct pg_conn *c, const char *why);
static void connect_begin(struct pg_conn *c);
static bool prepare_begin(struct pg_conn *c);

/* ---------------------------------------------------------------- up and down */

static void set_state(struct pg_conn *c, enum conn_state s)
{
	static int n_ready;

	n_ready += (s == CONN_READY) - (c->state == CONN_READY);
	c->state = s;
	metric_set(M_PG_UP, n_ready);
}

static struct event *event_drop(struct event *e)
{
	if (e != NULL)
		event_free(e);
	return NULL;
}

static void finish_all(struct pg_units *units, int *n, enum pg_outcome outcome, const char *why)
{
	while (!TAILQ_EMPTY(units)) {
		struct pg_unit *u = TAILQ_FIRST(units);

		TAILQ_REMOVE(units, u, link);
		pg_unit_finish(u, outcome, why);
	}
	*n = 0;
}

/* the events go before PQfinish, which closes their descriptor */
static void close_all(struct pg_conn *c, const char *why)
{
	c->read = event_drop(c->read);
	c->write = event_drop(c->write);
	c->lookup = resolve_free(c->lookup);
	if (c->pq != NULL)
		PQfinish(c->pq);
	c->pq = NULL;
	c->stale = c->renewing = false;
	c->beating = c->read_only = false;
	set_state(c, CONN_DOWN);
	finish_all(&c->sent, &c->n_sent, PG_LOST, why);
	finish_all(&c->waiting, &c->n_waiting, PG_BUSY, why);
}

/* of the server that is tried, or connected to */
static const char *host_name(const struct pg_conn *c)
{
	const struct pg_host *h = &c->hosts->host[c->host];

	return h->host != NULL ? h->host : h->hostaddr != NULL ? h->hostaddr : "-";
}

static void conn_lost(struct pg_conn *c, const char *why)
{
	int half = c->backoff_ms / 2;

	if (c->state == CONN_READY)
		metric_add(M_PG_LOST, 1);
	if (!c->told)
		log_event(LOG_WARNING, "pg.down", "connection=%s host=%s why=\"%s\"", conn_names[c->which],
		          host_name(c), why);
	c->told = true;
	close_all(c, why);
	/* the next server at once; when all were tried, a little later */
	c->host = (c->host + 1) % c->hosts->n;
	if (++c->failed % c->hosts->n != 0) {
		loop_timer_once(c->timer, 0);
		return;
	}
	loop_timer_once(c->timer, half + random_below(half + 1));
	c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
}

/* one line without quotes, for the log */
static void one_line(char *out, size_t room, const char *words)
{
	snprintf(out, room, "%s", words != NULL ? words : "-");
	out[strcspn(out, "\n")] = '\0';
	for (char *p = out; (p = strchr(p, '"')) != NULL; p++)
		*p = '\'';
}

/* libpq's words here: host, role and cause, nothing of a citizen */
static void lost_by_libpq(struct pg_conn *c)
{
	char why[160];

	one_line(why, sizeof(why), PQerrorMessage(c->pq));
	conn_lost(c, why[0] != '\0' ? why : "closed");
}

/* ---------------------------------------------------------------- sending */

static void on_socket(evutil_socket_t fd, short what, void *arg);

static bool flush(struct pg_conn *c)
{
	switch (PQflush(c->pq)) {
	case 0:
		return true;
	case 1:
		event_add(c->write, NULL);   /* reading goes on meanwhile, or both sides could wait for ever */
		return true;
	default:
		lost_by_libpq(c);
		return false;
	}
}

static bool send_statement(struct pg_conn *c, const struct pg_unit *u, const struct pg_statement *s)
{
	const char *values[PG_UNIT_MAX_PARAMS];
	int lengths[PG_UNIT_MAX_PARAMS], formats[PG_UNIT_MAX_PARAMS];

	for (int i = 0; i < s->n_params; i++) {
		const struct pg_param *p = &u->params[s->first_param + i];

		values[i] = p->len < 0 ? NULL : (const char *)u->buf + p->at;
		lengths[i] = p->len;
		formats[i] = p->binary;
	}
	return PQsendQueryPrepared(c->pq, sql_table[s->sql].name, s->n_params, values, lengths, formats, 0) == 1;
}

static bool send_unit(struct pg_conn *c, const struct pg_unit *u)
{
	for (int i = 0; i < u->n; i++)
		if (!send_statement(c, u, &u->statements[i]))
			return false;
	return PQpipelineSync(c->pq) == 1;
}

/* renew - a unit that met a plan of before waits at the head of the others */
static void renew(struct pg_conn *c)
{
	c->stale = false;
	c->renewing = true;
	c->heard_us = mono_us();
	log_event(LOG_NOTICE, "pg.renewed", "connection=%s statements=%d", conn_names[c->which], N_SQL);
	if (!prepare_begin(c))
		lost_by_libpq(c);
	else
		flush(c);
}

static void send_waiting(struct pg_conn *c)
{
	struct pg_unit *u;

	if (c->renewing)
		return;
	if (c->stale) {
		if (c->n_sent == 0)
			renew(c);
		return;
	}
	while (c->n_sent < PG_MAX_IN_FLIGHT && (u = TAILQ_FIRST(&c->waiting)) != NULL) {
		TAILQ_REMOVE(&c->waiting, u, link);
		c->n_waiting--;
		if (c->n_sent == 0)
			c->heard_us = mono_us();
		TAILQ_INSERT_TAIL(&c->sent, u, link);
		c->n_sent++;
		metric_add(M_PG_UNITS, 1);
		if (!send_unit(c, u)) {
			lost_by_libpq(c);
			return;
		}
	}
	if (c->n_sent > 0)
		flush(c);
}

void pg_conn_submit(struct pg_conn *c, struct pg_unit *u)
{
	if (c->state != CONN_READY || (u->bound && u->session != c->session)) {
		pg_unit_finish(u, PG_BUSY, c->state != CONN_READY ? "not connected" : "connected anew");
		return;
	}
	if (c->n_waiting + c->n_sent >= PG_MAX_WAITING) {
		metric_add(M_REFUSED_PG, 1);
		pg_unit_finish(u, PG_BUSY, "too much waits");
		return;
	}
	TAILQ_INSERT_TAIL(&c->waiting, u, link);
	c->n_waiting++;
	send_waiting(c);
}

/* ---------------------------------------------------------------- reading units */

static void unit_done(struct pg_conn *c, struct pg_unit *u)
{
	TAILQ_REMOVE(&c->sent, u, link);
	c->n_sent--;
	if (u->stale && u->tries < MAX_STALE) {
		pg_unit_again(u);
		TAILQ_INSERT_HEAD(&c->waiting, u, link);
		c->n_waiting++;
		c->stale = true;
		return;
	}
	pg_unit_finish(u, u->reply.outcome, "an answer could not be read");
}

static void take_result(struct pg_conn *c, PGresult *r)
{
	struct pg_unit *u = TAILQ_FIRST(&c->sent);

	if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
		PQclear(r);
		if (c->beating)
			c->beating = false;
		else
			unit_done(c, u);
		return;
	}
	if (u == NULL) {
		PQclear(r);            /* while a beat is out: the end of the connection */
		return;
	}
	pg_unit_result(u, r);
	u->answered = true;
	c->read_only = c->read_only || strcmp(u->reply.err.sqlstate, READ_ONLY) == 0;
}

static void take_null(struct pg_conn *c)
{
	struct pg_unit *u = TAILQ_FIRST(&c->sent);

	if (u == NULL)
		return;
	if (u->answered)
		u->at++;
	u->answered = false;
}

/* true when everything that has arrived is taken in */
static bool read_units(struct pg_conn *c)
{
	int nulls = 0;

	while ((c->n_sent > 0 || c->beating) && !c->read_only && nulls < MAX_NULLS && !PQisBusy(c->pq)) {
		PGresult *r = PQgetResult(c->pq);

		if (r != NULL)
			take_result(c, r);
		else
			take_null(c);
		nulls = r != NULL ? 0 : nulls + 1;
	}
	return nulls < MAX_NULLS && PQstatus(c->pq) == CONNECTION_OK;
}

/* ---------------------------------------------------------------- preparing */

static bool prepare_begin(struct pg_conn *c)
{
	if (PQsetnonblocking(c->pq, 1) != 0 || PQenterPipelineMode(c->pq) != 1)
		return false;
	if (PQsendQueryParams(c->pq, "deallocate all", 0, NULL, NULL, NULL, NULL, 0) != 1)
		return false;
	for (int i = 0; i < N_SQL; i++)
		if (PQsendPrepare(c->pq, sql_table[i].name, sql_table[i].text, 0, NULL) != 1)
			return false;
	c->preparing = -1;
	return PQpipelineSync(c->pq) == 1;
}

static void log_unprepared(const struct pg_conn *c, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	char why[160];

	one_line(why, sizeof(why), PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
	if (!c->told)
		log_event(LOG_ERROR, "pg.unprepared", "connection=%s statement=%s sqlstate=%s why=\"%s\"",
		          conn_names[c->which], c->preparing < 0 ? "-" : sql_table[c->preparing].name, state != NULL ? state : "-", why);
}

static void ready(struct pg_conn *c)
{
	if (c->renewing) {
		c->renewing = false;
		return;
	}
	set_state(c, CONN_READY);
	c->session++;
	c->backoff_ms = BACKOFF_FIRST_MS;
	c->failed = 0;
	c->told = false;
	c->heard_us = mono_us();
	loop_timer_every(c->timer, CHECK_MS);
	log_event(LOG_INFO, "pg.up", "connection=%s host=%s statements=%d", conn_names[c->which], host_name(c), N_SQL);
}

static void read_prepared(struct pg_conn *c)
{
	for (int nulls = 0; nulls < MAX_NULLS && (c->state == CONN_PREPARING || c->renewing) && !PQisBusy(c->pq);) {
		PGresult *r = PQgetResult(c->pq);
		ExecStatusType s = PQresultStatus(r);

		nulls = r != NULL ? 0 : nulls + 1;
		if (r == NULL) {
			c->preparing += nulls == 1;
		} else if (s == PGRES_PIPELINE_SYNC) {
			ready(c);
		} else if (s != PGRES_COMMAND_OK) {
			log_unprepared(c, r);
			PQclear(r);
			conn_lost(c, "a statement could not be prepared");
			return;
		}
		PQclear(r);
	}
	if (PQstatus(c->pq) != CONNECTION_OK)
		lost_by_libpq(c);
}

/* ---------------------------------------------------------------- the socket */

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;

	(void)fd;
	if (what & EV_READ) {
		/* what came before the end of the connection is still an answer */
		bool alive = PQconsumeInput(c->pq) == 1;

		c->heard_us = mono_us();
		if (c->state == CONN_PREPARING || c->renewing)
			read_prepared(c);
		else if (!read_units(c))
			alive = false;
		if (c->state == CONN_DOWN)
			return;
		if (c->read_only) {
			conn_lost(c, "it takes no writes any more");
			return;
		}
		if (!alive) {
			lost_by_libpq(c);
			return;
		}
	}
	if (flush(c) && c->state == CONN_READY)
		send_waiting(c);
}

static void watch(struct pg_conn *c)
{
	c->read = event_drop(c->read);
	c->write = event_drop(c->write);
	c->read = must(event_new(c->srv->base, PQsocket(c->pq), EV_READ | EV_PERSIST, on_socket, c));
	c->write = must(event_new(c->srv->base, PQsocket(c->pq), EV_WRITE, on_socket, c));
	event_add(c->read, NULL);
}

/* ---------------------------------------------------------------- connecting */

static void on_connecting(evutil_socket_t fd, short what, void *arg);

/* the descriptor can be another one after each PQconnectPoll */
static void connect_watch(struct pg_conn *c, short what)
{
	c->read = event_drop(c->read);
	c->read = must(event_new(c->srv->base, PQsocket(c->pq), what, on_connecting, c));
	event_add(c->read, NULL);
}

static void on_connecting(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;

	(void)fd;
	(void)what;
	c->read = event_drop(c->read);
	switch (PQconnectPoll(c->pq)) {
	case PGRES_POLLING_READING:
		connect_watch(c, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		connect_watch(c, EV_WRITE);
		break;
	case PGRES_POLLING_OK:
		set_state(c, CONN_PREPARING);
		loop_timer_once(c->timer, PG_CONNECT_MS);
		watch(c);
		if (prepare_begin(c))
			flush(c);
		else
			lost_by_libpq(c);
		break;
	default:
		lost_by_libpq(c);
	}
}

static void ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;                   /* libpq would print it on stderr */
}

/*
 * Plans. Statements of the daemon itself are look-ups and batches whose best plan does not depend on the values:
 * one generic plan, row by row through an index. It may have been made while the tables were empty, when every plan
 * looks cheap: a scan or a hash of all messages would be kept, and cost more with each (measured: 9 ms of a
 * batch's 14 after 15,000 messages). Where a table is known to be empty even settings do not help: reading all of an
 * index seems to cost no more than one look into it. So statements of intake leave one way: a row of the batch looks into
 * a table by "lateral (select … offset 0)", which PostgreSQL does not take apart, and an update finds its rows by
 * "id = any (array)" and its values by their place in the arrays. What a token asks for has optional filters, so
 * there PostgreSQL weighs custom plans against the generic one.
 */
#define SESSION "-c statement_timeout=10s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s" \
	" -c jit=off -c enable_seqscan=off -c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=error" \
	" -c search_path=pg_catalog -c default_transaction_isolation=read\\ committed"

#define SYSTEM_SESSION SESSION " -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off" \
	" -c enable_material=off -c enable_memoize=off"

const char *const pg_session_options[] = {
	[PG_SYSTEM] = SYSTEM_SESSION,
	[PG_BULK] = SYSTEM_SESSION,
	[PG_INTAKE] = SYSTEM_SESSION,
	[PG_BARRIER] = SYSTEM_SESSION,
	[PG_API] = SESSION " -c plan_cache_mode=auto",
};

/* to one server; values of NULL or "" count as not given */
static void connect_to(struct pg_conn *c, const char *host, const char *hostaddr, const char *port)
{
	/* before dbname: the operator's conninfo may say otherwise; after it: ours to say */
	const char *keys[] = { "target_session_attrs", "keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "dbname", "host", "hostaddr", "port", "user", "password", "application_name",
		"client_encoding", "options", NULL };
	char name[sizeof("loketd ") + UUID_TEXT];   /* names the instance: outbox_orphans looks who is alive */
	const char *values[] = { "read-write", "10", "3", "3",
		"10000", c->srv->config->database, host, hostaddr, port, c->user, c->srv->config->database_password, name, "UTF8",
		pg_session_options[c->which], NULL };

	snprintf(name, sizeof(name), "loketd %s", c->srv->instance);
	set_state(c, CONN_CONNECTING);
	c->pq = must(PQconnectStartParams(keys, values, 1));
	if (PQstatus(c->pq) == CONNECTION_BAD) {
		lost_by_libpq(c);
		return;
	}
	PQsetNoticeReceiver(c->pq, ignore_notice, NULL);
	loop_timer_once(c->timer, c->failed + 1 < c->hosts->n ? PG_CONNECT_FIRST_MS : PG_CONNECT_MS);
	connect_watch(c, EV_WRITE);
}

/* one name, several addresses: libpq tries them in turn, and wants as many names and ports */
static void on_resolved(const char *const *addresses, int n, void *arg)
{
	struct pg_conn *c = arg;
	const struct pg_host *h = &c->hosts->host[c->host];
	char names[RESOLVE_MAX * 256] = "", list[RESOLVE_MAX * 64] = "";
	size_t names_len = 0, list_len = 0;

	c->lookup = NULL;
	for (int i = 0; i < n && names_len < sizeof(names) && list_len < sizeof(list); i++) {
		const char *comma = i > 0 ? "," : "";

		names_len += (size_t)snprintf(names + names_len, sizeof(names) - names_len, "%s%s", comma, h->host);
		list_len += (size_t)snprintf(list + list_len, sizeof(list) - list_len, "%s%s", comma, addresses[i]);
	}
	if (n == 0)
		conn_lost(c, "its name has no address");
	else
		connect_to(c, names, list, h->port);
}

static void connect_begin(struct pg_conn *c)
{
	const struct pg_host *h = &c->hosts->host[c->host];

	if (h->hostaddr != NULL || !resolve_needed(h->host)) {
		connect_to(c, h->host, h->hostaddr, h->port);
		return;
	}
	set_state(c, CONN_RESOLVING);
	c->lookup = resolve_start(c->srv, h->host, on_resolved, c);
}

/* an empty unit: without it nobody would notice for hours that a server is gone that we ask nothing */
static void beat(struct pg_conn *c, int64_t now)
{
	c->beating = true;
	c->beat_us = c->heard_us = now;
	if (PQpipelineSync(c->pq) == 1)
		flush(c);
	else
		lost_by_libpq(c);
}

static void look_alive(struct pg_conn *c)
{
	int64_t now = mono_us();

	if (((c->n_sent > 0 || c->renewing) && now - c->heard_us > PG_STUCK_MS * INT64_C(1000)) ||
	    (c->beating && now - c->beat_us > PG_BEAT_MS * INT64_C(1000)))
		conn_lost(c, "no answer in time");
	else if (c->n_sent == 0 && !c->renewing && !c->beating && now - c->heard_us > PG_BEAT_MS * INT64_C(1000))
		beat(c, now);
}

static void on_timer(void *arg)
{
	struct pg_conn *c = arg;

	switch (c->state) {
	case CONN_DOWN:
		connect_begin(c);
		break;
	case CONN_RESOLVING:
		break;
	case CONN_CONNECTING:
	case CONN_PREPARING:
		conn_lost(c, "no connection in time");
		break;
	case CONN_READY:
		look_alive(c);
		break;
	}
}

struct pg_conn *pg_conn_new(struct server *srv, enum pg_connection which, const struct pg_hosts *hosts, const char *user)
{
	struct pg_conn *c = must(calloc(1, sizeof(*c)));

	*c = (struct pg_conn){ .srv = srv, .which = which, .hosts = hosts, .user = user,
		.backoff_ms = BACKOFF_FIRST_MS };
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->sent);
	c->timer = loop_timer_new(srv, on_timer, c);
	loop_timer_once(c->timer, 0);
	return c;
}

struct pg_conn *pg_conn_free(struct pg_conn *c)
{
	if (c != NULL) {
		close_all(c, "stopping");
		loop_timer_free(c->timer);
		free(c);
	}
	return NULL;
}

bool pg_conn_ready(const struct pg_conn *c)
{
	return c->state == CONN_READY;
}

int pg_conn_session(const struct pg_conn *c)
{
	return c->state == CONN_READY ? c->session : 0;
}

int pg_conn_waiting(const struct pg_conn *c)
{
	return c->n_waiting + c->n_sent;
}
