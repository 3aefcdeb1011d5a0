/* test_pg.c - the connection to a real PostgreSQL; run by tests/support/servers.sh */
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/pg.h"
#include "daemon/resolve.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, MAX_PROBES = PG_MAX_WAITING + 100 };

struct probe;
typedef void probe_fn(struct probe *p);

/* an operation that submits one unit and looks at what came */
struct probe {
	struct op op;
	probe_fn *build, *look;
	enum pg_connection where;
	const struct principal *as;
	struct pg_unit *unit;
	int i;
};

static struct config config;
static struct server srv;
static int alive;                    /* probes */
static int outcomes[4];              /* how they ended */
static int wakes[MAX_PROBES];

/* ---------------------------------------------------------------- probes */

static enum op_status probe_step(struct op *op)
{
	struct probe *p = (struct probe *)op;

	switch (op->state) {
	case 0:
		p->unit = pg_unit(op, p->where, p->as);
		p->build(p);
		return pg_submit(op, 1, p->unit);
	case 1:
		ck_assert_ptr_nonnull(op->pg);
		ck_assert_int_eq(op->result, op->pg->outcome);
		outcomes[op->pg->outcome]++;
		wakes[p->i]++;
		if (p->look != NULL)
			p->look(p);
		return OP_DONE;
	}
	return op_bad_state(op);
}

static void probe_done(struct op *op, enum op_status how)
{
	(void)op;
	ck_assert_int_eq(how, OP_DONE);
	if (--alive == 0)
		loop_stop(&srv);
}

static const struct op_kind probe_kind = { "probe", probe_step, probe_done, 1 << 20 };

static struct probe *probe(probe_fn *build, probe_fn *look)
{
	struct probe *p = (struct probe *)op_new(&srv, &probe_kind, sizeof(*p));

	p->build = build;
	p->look = look;
	p->i = alive++;
	op_start(&p->op);
	return p;
}

static struct probe *probe_as(probe_fn *build, probe_fn *look, const struct principal *as)
{
	struct probe *p = probe(build, look);

	p->where = PG_API;
	p->as = as;
	return p;
}

static void too_late(void *arg)
{
	(void)arg;
	ck_abort_msg("the loop did not come to an end");
}

static void run(void)
{
	struct loop_timer *late = loop_timer_new(&srv, too_late, NULL);

	loop_timer_once(late, PATIENCE_MS);
	loop_run(&srv);
	loop_timer_free(late);
}

static void stop_when_ready(void *arg)
{
	(void)arg;
	if (pg_ready(srv.pg, PG_SYSTEM) && pg_ready(srv.pg, PG_API))
		loop_stop(&srv);
}

static void stop_when_gone(void *arg)
{
	(void)arg;
	if (!pg_ready(srv.pg, PG_API))
		loop_stop(&srv);
}

static void until_ready(void)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_when_ready, NULL);

	loop_timer_every(t, 5);
	run();
	loop_timer_free(t);
}

/* ---------------------------------------------------------------- the world */

static void outside(const char *command)
{
	ck_assert_int_eq(system(command), 0);
}

static void sql(const char *text)
{
	char command[1000];

	snprintf(command, sizeof(command), "psql -qAtX \"$LOKET_PG user=loket\" -c \"%s\" >/dev/null 2>&1", text);
	outside(command);
}

static void setup(void)
{
	sql("drop table if exists public.t; create table public.t (id int primary key, parent int references public.t"
	    " deferrable initially deferred); grant all on public.t to loket_system, loket_api; truncate loket.note");
	config = (struct config){ .database = getenv("LOKET_PG"), .database_system = "loket_system",
		.database_api = "loket_api" };
	srv = (struct server){ .config = &config };
	ck_assert_int_eq(loop_new(&srv, NULL), 0);
	srv.pg = pg_new(&srv);
	until_ready();
}

static void teardown(void)
{
	srv.pg = pg_free(srv.pg);
	loop_free(&srv);
}

/* ---------------------------------------------------------------- values */

static const uint8_t some_bytes[] = { 0, 1, 255, '\\', '\'' };
static const struct uuid some_uuid = { { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16 } };
enum { SOME_TIME_S = 1795300000 };
#define SOME_TIME_US (SOME_TIME_S * INT64_C(1000000) + 123456)

static void build_values(struct probe *p)
{
	char text[] = "caf\xc3\xa9 'x'";
	json_t *j = json_pack("{s:s}", "k", "v");

	pg_add(p->unit, SQL_T_VALUES);
	pg_text(p->unit, text);
	memset(text, 'x', sizeof(text) - 1);             /* it was copied */
	pg_bytea(p->unit, (struct bytes){ some_bytes, sizeof(some_bytes) });
	pg_int(p->unit, INT64_MIN);
	pg_bool(p->unit, true);
	pg_time(p->unit, SOME_TIME_US);
	pg_uuid(p->unit, some_uuid);
	pg_json(p->unit, j);
	json_decref(j);
	pg_add(p->unit, SQL_T_VALUES);
	pg_text(p->unit, NULL);
	pg_bytea(p->unit, (struct bytes){ NULL, 0 });
	pg_null(p->unit);
	pg_null(p->unit);
	pg_time(p->unit, 0);
	pg_uuid(p->unit, (struct uuid){ { 0 } });
	pg_json(p->unit, NULL);
}

static void look_values(struct probe *p)
{
	struct op *op = &p->op;
	struct bytes b = pg_get_bytes(op, 0, 0, "aBytea");

	ck_assert(!pg_failed(op));
	ck_assert_str_eq(pg_get(op, 0, 0, "aText"), "caf\xc3\xa9 'x'");
	ck_assert_mem_eq(b.data, some_bytes, sizeof(some_bytes));
	ck_assert_uint_eq(b.len, sizeof(some_bytes));
	ck_assert_int_eq(pg_get_int(op, 0, 0, "anInt"), INT64_MIN);
	ck_assert(pg_get_bool(op, 0, 0, "aBool"));
	ck_assert_int_eq(pg_get_time(op, 0, 0, "aTime"), SOME_TIME_US);
	ck_assert(uuid_same(pg_get_uuid(op, 0, 0, "aUuid"), some_uuid));
	ck_assert_str_eq(pg_get(op, 0, 0, "json"), "v");
	ck_assert_ptr_null(pg_get(op, 1, 0, "aText"));
	ck_assert_ptr_null(pg_get_bytes(op, 1, 0, "aBytea").data);
	ck_assert_int_eq(pg_get_time(op, 1, 0, "aTime"), 0);
	ck_assert(uuid_is_nil(pg_get_uuid(op, 1, 0, "aUuid")));
	ck_assert_ptr_null(pg_get(op, 1, 0, "json"));
}

START_TEST(values_come_back)
{
	probe(build_values, look_values);
	run();
}
END_TEST

enum { N_ELEMENTS = 500 };

static void build_arrays(struct probe *p)
{
	struct pg_unit *u = p->unit;

	pg_add(u, SQL_T_ARRAYS);
	pg_array(u, PG_TYPE_UUID, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_uuid(u, i % 2 ? some_uuid : (struct uuid){ { 0 } });
	pg_array(u, PG_TYPE_TEXT, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_text(u, i % 2 ? "a,\"b\" {}\\" : NULL);
	pg_array(u, PG_TYPE_BYTEA, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_bytes(u, (struct bytes){ some_bytes, sizeof(some_bytes) });
	pg_array(u, PG_TYPE_INT8, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_int(u, -i);
	pg_array(u, PG_TYPE_BOOL, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_bool(u, i % 2 != 0);
	pg_array(u, PG_TYPE_TIME, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_time(u, i % 2 ? SOME_TIME_US : 0);
	pg_array(u, PG_TYPE_JSON, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_text(u, "{\"a\":  1}");
	pg_array(u, PG_TYPE_JSONB, N_ELEMENTS);
	for (int i = 0; i < N_ELEMENTS; i++)
		pg_push_text(u, "{\"a\": 1}");
	pg_add(u, SQL_T_ARRAYS);
	for (int t = PG_TYPE_UUID; t <= PG_TYPE_JSONB; t++)
		pg_array(u, t, 0);
}

static void look_arrays(struct probe *p)
{
	struct op *op = &p->op;

	ck_assert(!pg_failed(op));
	ck_assert_int_eq(pg_rows(op, 0), N_ELEMENTS);
	ck_assert_int_eq(pg_rows(op, 1), 0);
	for (int i = 0; i < N_ELEMENTS; i++) {
		const char *t = pg_get(op, 0, i, "t");

		ck_assert(uuid_is_nil(pg_get_uuid(op, 0, i, "u")) == (i % 2 == 0));
		ck_assert(i % 2 ? strcmp(t, "a,\"b\" {}\\") == 0 : t == NULL);
		ck_assert_mem_eq(pg_get_bytes(op, 0, i, "b").data, some_bytes, sizeof(some_bytes));
		ck_assert_int_eq(pg_get_int(op, 0, i, "i"), -i);
		ck_assert(pg_get_bool(op, 0, i, "o") == (i % 2 != 0));
		ck_assert_int_eq(pg_get_time(op, 0, i, "w"), i % 2 ? SOME_TIME_US : 0);
		ck_assert_str_eq(pg_get(op, 0, i, "s"), "{\"a\":  1}");
		ck_assert_str_eq(pg_get(op, 0, i, "j"), "{\"a\": 1}");
	}
}

START_TEST(arrays_come_back)
{
	probe(build_arrays, look_arrays);
	run();
}
END_TEST

/* ---------------------------------------------------------------- units */

static void add_row(struct pg_unit *u, int64_t id, int64_t parent)
{
	pg_add(u, SQL_T_ADD);
	pg_int(u, id);
	if (parent != 0)
		pg_int(u, parent);
	else
		pg_null(u);
}

static void build_row(struct probe *p)
{
	add_row(p->unit, 100 + p->i, 0);
}

/* every third unit breaks in the middle, every fifth at its COMMIT */
static void build_mixed(struct probe *p)
{
	add_row(p->unit, 1000 + 2 * p->i, 0);
	if (p->i % 3 == 0)
		add_row(p->unit, 1000 + 2 * p->i, 0);
	add_row(p->unit, 1001 + 2 * p->i, p->i % 5 == 0 ? 999999 : 0);
}

static void look_mixed(struct probe *p)
{
	const struct pg_reply *r = p->op.pg;

	if (p->i % 3 == 0) {
		ck_assert_int_eq(r->outcome, PG_ERROR);
		ck_assert_str_eq(r->err.sqlstate, "23505");
		ck_assert_int_eq(r->failed_at, 1);
		ck_assert_ptr_null(r->results[2]);
		ck_assert(pg_failed(&p->op) && p->op.err.kind == ERR_PG);
	} else if (p->i % 5 == 0) {
		ck_assert_int_eq(r->outcome, PG_ERROR);
		ck_assert_str_eq(r->err.sqlstate, "23503");
		ck_assert_int_eq(r->failed_at, -1);
	} else {
		ck_assert_int_eq(r->outcome, PG_OK);
		ck_assert_int_eq(pg_get_int(&p->op, 0, 0, "id"), 1000 + 2 * p->i);
	}
}

static void build_count(struct probe *p)
{
	pg_add(p->unit, SQL_T_COUNT);
}

static int64_t counted;

static void look_count(struct probe *p)
{
	counted = pg_get_int(&p->op, 0, 0, "n");
}

static int64_t count_rows(void)
{
	probe(build_count, look_count);
	run();
	return counted;
}

START_TEST(an_error_hurts_its_own_unit_only)
{
	int good = 0;

	for (int i = 0; i < 150; i++) {
		probe(build_mixed, look_mixed);
		good += i % 3 != 0 && i % 5 != 0;
	}
	run();
	ck_assert_int_eq(outcomes[PG_OK], good);
	ck_assert_int_eq(count_rows(), 2 * good);
}
END_TEST

static void build_big(struct probe *p)
{
	static uint8_t block[1 << 20];

	pg_add(p->unit, SQL_T_ARRAYS);
	pg_array(p->unit, PG_TYPE_UUID, 0);
	pg_array(p->unit, PG_TYPE_TEXT, 0);
	pg_array(p->unit, PG_TYPE_BYTEA, 70);
	for (int i = 0; i < 70; i++)
		pg_push_bytes(p->unit, (struct bytes){ block, sizeof(block) });
	pg_array(p->unit, PG_TYPE_INT8, 0);
	pg_array(p->unit, PG_TYPE_BOOL, 0);
	pg_array(p->unit, PG_TYPE_TIME, 0);
	pg_array(p->unit, PG_TYPE_JSON, 0);
	pg_array(p->unit, PG_TYPE_JSONB, 0);
}

START_TEST(a_unit_has_a_maximum)
{
	probe(build_big, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_BUSY], 1);
}
END_TEST

static void build_second(struct probe *p)
{
	pg_add(p->unit, SQL_T_SLEEP);
	pg_text(p->unit, "1");
}

START_TEST(waiting_has_a_maximum)
{
	probe(build_second, NULL);
	for (int i = 1; i < PG_MAX_WAITING + 50; i++)
		probe(build_row, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_OK], PG_MAX_WAITING);
	ck_assert_int_eq(outcomes[PG_BUSY], 50);
	ck_assert_int_eq(pg_waiting(srv.pg, PG_SYSTEM), 0);
	ck_assert_int_eq(count_rows(), PG_MAX_WAITING - 1);
}
END_TEST

/* ---------------------------------------------------------------- scope */

static const struct principal dordrecht = { .token_id = "t1", .n_municipalities = 1, .municipalities = { "dordrecht" } };
static const struct principal both = { .token_id = "t2", .is_agent = true, .n_municipalities = 2,
	.municipalities = { "dordrecht", "sliedrecht" } };
static const struct principal none = { .token_id = "t3" };

static void build_note(struct probe *p)
{
	struct uuid id = server_uuid(&srv);

	pg_add(p->unit, SQL_T_NOTE_ADD);
	pg_uuid(p->unit, id);
	pg_text(p->unit, p->i % 2 ? "dordrecht" : "sliedrecht");
}

static void build_notes(struct probe *p)
{
	pg_add(p->unit, SQL_T_NOTE_ALL);
	pg_add(p->unit, SQL_T_SCOPE);
}

static void look_dordrecht(struct probe *p)
{
	ck_assert_int_eq(pg_rows(&p->op, 0), 1);
	ck_assert_str_eq(pg_get(&p->op, 0, 0, "municipality"), "dordrecht");
	ck_assert_str_eq(pg_get(&p->op, 1, 0, "scope"), "dordrecht");
	ck_assert_str_eq(pg_get(&p->op, 1, 0, "token"), "t1");
	ck_assert_str_eq(pg_get(&p->op, 1, 0, "agent"), "");
}

static void look_both(struct probe *p)
{
	ck_assert_int_eq(pg_rows(&p->op, 0), 2);
	ck_assert_str_eq(pg_get(&p->op, 1, 0, "scope"), "dordrecht,sliedrecht");
	ck_assert_uint_eq(strlen(pg_get(&p->op, 1, 0, "agent")), UUID_TEXT - 1);
}

static void look_none(struct probe *p)
{
	ck_assert_int_eq(pg_rows(&p->op, 0), 0);
}

static void look_refused(struct probe *p)
{
	ck_assert_int_eq(p->op.pg->outcome, PG_ERROR);
	ck_assert_str_eq(p->op.pg->err.sqlstate, "42501");
	ck_assert_int_eq(p->op.pg->failed_at, 0);
}

/* many units in one pipeline, each with the rights of its own token */
START_TEST(scope_is_of_one_unit)
{
	probe(build_note, NULL);
	probe(build_note, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_OK], 2);
	for (int i = 0; i < 30; i++) {
		probe_as(build_notes, look_dordrecht, &dordrecht);
		probe_as(build_notes, look_both, &both);
		probe_as(build_notes, look_none, &none);
	}
	probe_as(build_note, look_refused, &dordrecht);     /* even i: sliedrecht */
	run();
	ck_assert_int_eq(outcomes[PG_ERROR], 1);
	ck_assert_int_eq(outcomes[PG_OK], 92);
}
END_TEST

/* ---------------------------------------------------------------- losing the connection */

static void build_slow(struct probe *p)
{
	pg_add(p->unit, SQL_T_SLEEP);
	pg_text(p->unit, "0.05");
}

static int64_t fired_ms;                             /* how long the loop heard nothing */

static void fire(void *arg)
{
	int64_t began = mono_us();

	outside(arg);
	fired_ms = (mono_us() - began) / 1000;
}

static void check_all_woken_once(int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(wakes[i], 1);
	ck_assert_int_eq(outcomes[0] + outcomes[1] + outcomes[2] + outcomes[3], n);
}

static void lose(const char *how, int n)
{
	struct loop_timer *t = loop_timer_new(&srv, fire, (void *)(uintptr_t)how);

	for (int i = 0; i < n; i++)
		probe(build_slow, NULL);
	loop_timer_once(t, 500);
	run();
	loop_timer_free(t);
	check_all_woken_once(n);
	ck_assert_int_gt(outcomes[PG_OK], 0);
	/* the last answers, one in 50 ms, may come with the end */
	ck_assert_int_ge(outcomes[PG_LOST], PG_MAX_IN_FLIGHT - 2 - (int)(fired_ms / 50));
	ck_assert_int_le(outcomes[PG_LOST], PG_MAX_IN_FLIGHT);
	ck_assert_int_eq(outcomes[PG_ERROR], 0);
	ck_assert_int_eq(outcomes[PG_BUSY], n - outcomes[PG_LOST] - outcomes[PG_OK]);
}

START_TEST(a_terminated_backend_wakes_everybody_once)
{
	lose("psql -qAtX \"$LOKET_PG user=loket\" -c \"select pg_terminate_backend(pid) from pg_stat_activity where "
	     "usename = 'loket_system'\" >/dev/null", 150);
	until_ready();
	ck_assert_int_eq(count_rows(), 0);
}
END_TEST

START_TEST(a_stopped_server_wakes_everybody_once)
{
	int64_t began;

	lose("$LOKET_SERVERS ctl pg-stop immediate", 150);
	ck_assert(!pg_ready(srv.pg, PG_SYSTEM));
	probe(build_count, NULL);                           /* refused at once */
	run();
	outside("$LOKET_SERVERS ctl pg-start");
	began = mono_us();
	until_ready();
	ck_assert_int_lt(mono_us() - began, 2000000);
	ck_assert_int_eq(count_rows(), 0);
}
END_TEST

/* the wait comes back after the operation was told that nobody waits */
START_TEST(gone_is_not_freed_under_a_wait)
{
	struct probe *p = probe(build_slow, NULL);

	op_gone(&p->op);
	run();
	ck_assert_int_eq(outcomes[PG_OK], 1);
}
END_TEST

/* ---------------------------------------------------------------- several servers */

static int names_looked_up;

/* libpq's own look-ups come by here, and would keep the loop waiting; those of resolve.c are glibc's own affair */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*libc)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (libc == NULL)
		*(void **)&libc = dlsym(RTLD_NEXT, "getaddrinfo");
	names_looked_up += resolve_needed(name);
	return libc(name, service, hints, out);
}

static void restart_with(const char *hosts, const char *ports)
{
	static char conninfo[1000];

	srv.pg = pg_free(srv.pg);
	snprintf(conninfo, sizeof(conninfo), "host=%s%s port=%s dbname=loket", hosts, getenv("LOKET_DIR"), ports);
	config.database = conninfo;
	srv.pg = pg_new(&srv);
}

/* nobody there, a name without a server, one that takes connections and never says a word; then ours */
START_TEST(servers_are_tried_in_turn)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(any);
	int silent = socket(AF_INET, SOCK_STREAM, 0);
	char ports[50];

	ck_assert_int_eq(bind(silent, (struct sockaddr *)&any, len), 0);
	ck_assert_int_eq(listen(silent, 10), 0);
	ck_assert_int_eq(getsockname(silent, (struct sockaddr *)&any, &len), 0);
	snprintf(ports, sizeof(ports), "5432,1,1,%d,5432", ntohs(any.sin_port));
	names_looked_up = 0;
	restart_with("/nobody,localhost,nobody.invalid,127.0.0.1,", ports);
	until_ready();
	probe(build_row, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_OK], 1);
	ck_assert_int_eq(names_looked_up, 0);
	close(silent);
}
END_TEST

static void build_read_only(struct probe *p)
{
	pg_add(p->unit, SQL_T_READ_ONLY);
}

/* its session goes on, and would refuse all writes for ever */
START_TEST(who_becomes_a_standby_is_left)
{
	probe(build_read_only, NULL);
	run();
	probe(build_row, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_LOST], 1);
	until_ready();
	probe(build_row, NULL);
	run();
	ck_assert_int_eq(outcomes[PG_OK], 2);
}
END_TEST

/* connections on which nothing is asked: frozen backends are noticed all the same */
START_TEST(a_silent_server_is_noticed)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_when_gone, NULL);
	int64_t began = mono_us();

	outside("kill -STOP $(psql -qAtX \"$LOKET_PG user=loket\" -c \"select pid from pg_stat_activity where "
	        "usename = 'loket_api'\")");
	loop_timer_every(t, 5); /* it is connected again after 50 */
	run();
	loop_timer_free(t);
	ck_assert_int_lt(mono_us() - began, 15000000);
	outside("kill -CONT $(psql -qAtX \"$LOKET_PG user=loket\" -c \"select pid from pg_stat_activity where "
	        "usename = 'loket_api'\")");
	until_ready();
}
END_TEST

static void stop_now(void *arg)
{
	(void)arg;
	loop_stop(&srv);
}

/* a schema that is not there yet is waited for */
START_TEST(not_ready_until_every_statement_is_prepared)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_now, NULL);

	srv.pg = pg_free(srv.pg);
	sql("drop table public.t");
	srv.pg = pg_new(&srv);
	loop_timer_once(t, 400);
	run();
	loop_timer_free(t);
	ck_assert(!pg_ready(srv.pg, PG_SYSTEM));
	sql("create table public.t (id int, parent int)");
	until_ready();
}
END_TEST

/* a daemon that must stop with units in flight frees them (LeakSanitizer looks) */
START_TEST(stopping_with_units_in_flight)
{
	struct loop_timer *t = loop_timer_new(&srv, stop_now, NULL);

	for (int i = 0; i < 100; i++)
		probe(build_slow, NULL);
	loop_timer_once(t, 200);
	run();
	loop_timer_free(t);
	ck_assert_int_gt(op_count(&srv), 0);
}
END_TEST

/* ---------------------------------------------------------------- a schema that changes */

static void build_star(struct probe *p)
{
	pg_add(p->unit, SQL_T_ADD);
	pg_int(p->unit, p->i + 1);
	pg_null(p->unit);
	pg_add(p->unit, SQL_T_STAR);
}

static void look_star(struct probe *p)
{
	ck_assert(!pg_failed(&p->op));
	ck_assert_int_ge(pg_rows(&p->op, 1), 1);
	if (p->i == 20 || p->i == 300)
		sql(p->i == 20 ? "alter table public.t add column extra text" : "alter table public.t alter id type bigint");
}

/* what was prepared before cannot be run any more (0A000): it is prepared anew, and nobody notices */
START_TEST(a_schema_that_changes_hurts_nobody)
{
	for (int i = 0; i < 500; i++)
		probe(build_star, look_star);
	run();
	ck_assert_int_eq(outcomes[PG_OK], 500);
	ck_assert_int_eq(count_rows(), 500);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		values_come_back, arrays_come_back, an_error_hurts_its_own_unit_only, a_unit_has_a_maximum,
		waiting_has_a_maximum, scope_is_of_one_unit, a_terminated_backend_wakes_everybody_once,
		a_stopped_server_wakes_everybody_once, gone_is_not_freed_under_a_wait,
		not_ready_until_every_statement_is_prepared, stopping_with_units_in_flight,
		a_schema_that_changes_hurts_nobody, servers_are_tried_in_turn, who_becomes_a_standby_is_left, a_silent_server_is_noticed,
	};
	Suite *s = suite_create("pg");

	unit_case(s, tests, COUNT(tests), setup, teardown);
	return unit_end(s);
}
