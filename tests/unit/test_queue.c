/* test_queue.c - the queue in Redis against the cases in PostgreSQL; run by tests/support/servers.sh */
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/pg.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "daemon/world.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 30000, N_CASES = 2500, PAGE = 100 };

static struct config config;
static struct server srv;
static struct world world = {
	.municipalities = { "dordrecht", "sliedrecht" }, .n_municipalities = 2, .products = { "algemeen", "rijbewijs" },
	.n_products = 2, .channels = { "whatsapp" }, .n_channels = 1, .languages = { "nl" }, .n_languages = 1,
};

/* in place of world.c: a world that is always there */
struct world *world_now(struct server *s)
{
	(void)s;
	return &world;
}

static void outside(const char *command)
{
	ck_assert_int_eq(system(command), 0);
}

static long number(const char *command)
{
	FILE *f = popen(command, "r");
	char line[100] = "";
	long n;

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	n = strtol(line, NULL, 10);
	pclose(f);
	return n;
}

static void sql(const char *text)
{
	char command[2000];

	snprintf(command, sizeof(command), "psql -qAtX \"$LOKET_PG user=loket\" -c \"%s\" >/dev/null", text);
	outside(command);
}

/* ---------------------------------------------------------------- the loop, until something is so */

static bool (*until)(void);

static void look(void *arg)
{
	(void)arg;
	if (until())
		loop_stop(&srv);
}

static void too_late(void *arg)
{
	(void)arg;
	ck_abort_msg("it never came true");
}

static void wait_until(bool (*fn)(void))
{
	struct loop_timer *t = loop_timer_new(&srv, look, NULL), *late = loop_timer_new(&srv, too_late, NULL);

	until = fn;
	loop_timer_every(t, 10);
	loop_timer_once(late, PATIENCE_MS);
	loop_run(&srv);
	loop_timer_free(t);
	loop_timer_free(late);
}

static bool all_up(void)
{
	return pg_ready(srv.pg, PG_SYSTEM) && stream_up(srv.stream);
}

static bool quiet(void)
{
	return op_count(&srv) == 0;
}

static bool whole(void)
{
	return quiet() && number("redis-cli -s $LOKET_REDIS exists loket:queue:whole") == 1;
}

static long in_redis(void)
{
	return number("redis-cli -s $LOKET_REDIS zcard loket:queue");
}

/* ---------------------------------------------------------------- reading */

struct reader {
	struct op op;
	const char *cursor;
	int n_municipalities;
	struct queue_page page;
};

static const char *const both[] = { "dordrecht", "sliedrecht" };
static struct uuid seen[N_CASES + 2000];
static int64_t seen_due[N_CASES + 2000];
static int n_seen, result;
static int64_t waiting, oldest;
static char next[100];

static enum op_status reader_step(struct op *op)
{
	struct reader *r = (struct reader *)op;

	if (op->state == 0)
		return queue_read(op, 1, both, r->n_municipalities, r->cursor, PAGE, &r->page);
	result = op->result;
	if (result != QUEUE_READ)
		return OP_DONE;
	for (int i = 0; i < r->page.n_items; i++) {
		seen[n_seen] = r->page.items[i].id.u;
		seen_due[n_seen++] = r->page.items[i].due_us;
	}
	waiting = r->page.waiting;
	oldest = r->page.oldest_arrived_us;
	snprintf(next, sizeof(next), "%s", r->page.next != NULL ? r->page.next : "");
	return OP_DONE;
}

static void reader_done(struct op *op, enum op_status how)
{
	(void)op;
	ck_assert_int_eq(how, OP_DONE);
	loop_stop(&srv);
}

static const struct op_kind reader_kind = { "reader", reader_step, reader_done, 1 << 20 };

static bool never(void)
{
	return false;
}

static void read_page(const char *cursor, int n_municipalities)
{
	struct reader *r = (struct reader *)op_new(&srv, &reader_kind, sizeof(*r));

	r->cursor = arena_str(r->op.arena, cursor);
	r->n_municipalities = n_municipalities;
	op_start(&r->op);
	wait_until(never);
}

static void read_all(int n_municipalities)
{
	n_seen = 0;
	read_page(NULL, n_municipalities);
	while (result == QUEUE_READ && next[0] != '\0')
		read_page(next, n_municipalities);
}

/* ---------------------------------------------------------------- the world before each test */

static void setup(void)
{
	char address[200];

	outside("redis-cli -s $LOKET_REDIS flushall >/dev/null");
	/* many are due in the same millisecond */
	sql("truncate loket.case_file; insert into loket.case_file (id, municipality, reference, product, inbox, channel,"
	    " state, opened_at, arrived_at, due_at, last_contact_at) select gen_random_uuid(), case i % 2 when 0 then"
	    " 'dordrecht' else 'sliedrecht' end, 'R' || i, 'algemeen', 'x', 'whatsapp', 'queued', now(), t - interval '4h',"
	    " t, now() from generate_series(1, 2500) i, lateral (select timestamptz '2026-11-21 12:00+00' +"
	    " (i / 150) * interval '1 second' as t) x; analyze loket.case_file");
	config = (struct config){ .database = getenv("LOKET_PG"), .database_system = "loket_system",
		.database_api = "loket_api" };
	srv = (struct server){ .config = &config };
	ck_assert_int_eq(loop_new(&srv, NULL), 0);
	srv.pg = pg_new(&srv);
	snprintf(address, sizeof(address), "unix:%s", getenv("LOKET_REDIS"));
	srv.stream = stream_new(&srv, address);
	wait_until(all_up);
	srv.queue = queue_new(&srv);
	wait_until(whole);
}

static void teardown(void)
{
	srv.pg = pg_free(srv.pg);
	srv.stream = stream_free(srv.stream);
	srv.queue = queue_free(srv.queue);
	loop_free(&srv);
}

/* ---------------------------------------------------------------- tests */

START_TEST(every_page_in_the_order_of_urgency)
{
	read_all(2);
	ck_assert_int_eq(result, QUEUE_READ);
	ck_assert_int_eq(n_seen, N_CASES);
	ck_assert_int_eq(waiting, N_CASES);
	ck_assert_int_eq(oldest, INT64_C(1795248000) * 1000000);      /* 12:00 - 4 h */
	for (int i = 1; i < n_seen; i++)
		ck_assert(seen_due[i - 1] < seen_due[i] ||
		          (seen_due[i - 1] == seen_due[i] && memcmp(&seen[i - 1], &seen[i], sizeof(*seen)) < 0));
	read_all(1);
	ck_assert_int_eq(n_seen, N_CASES / 2);
	ck_assert_int_eq(waiting, N_CASES / 2);
	read_page("12;drop", 2);
	ck_assert_int_eq(result, QUEUE_BAD_CURSOR);
}
END_TEST

static bool one_more(void)
{
	return in_redis() == N_CASES + 1;
}

static bool as_before(void)
{
	return in_redis() == N_CASES;
}

static struct route_case a_case(void)
{
	return (struct route_case){ .id = { server_uuid(&srv) }, .product = 1, .municipality = 1, .arrived_us = now_us(),
		.due_us = now_us() };
}

START_TEST(telling_twice_changes_nothing)
{
	struct route_case c = a_case();

	queue_put(srv.queue, &c);
	queue_put(srv.queue, &c);
	c.product = 0;                                        /* it changed: counted once, as what it is now */
	queue_put(srv.queue, &c);
	wait_until(one_more);
	ck_assert_int_eq(number("redis-cli -s $LOKET_REDIS hget loket:queue:counts 'sliedrecht|whatsapp|algemeen'"),
	                 N_CASES / 2 + 1);
	ck_assert_int_eq(number("redis-cli -s $LOKET_REDIS hexists loket:queue:counts 'sliedrecht|whatsapp|rijbewijs'"), 0);
	queue_remove(srv.queue, c.id);
	queue_remove(srv.queue, c.id);
	wait_until(as_before);
	read_all(2);
	ck_assert_int_eq(waiting, N_CASES);
}
END_TEST

START_TEST(many_changes_in_one_turn)
{
	struct route_case c = a_case();

	for (int i = 0; i < 3000; i++) {
		c.id.u = server_uuid(&srv);
		queue_put(srv.queue, &c);
		if (i % 2)
			queue_remove(srv.queue, c.id);
	}
	read_all(2);
	ck_assert_int_eq(waiting, N_CASES + 1500);
}
END_TEST

START_TEST(flushall_is_noticed)
{
	struct route_case c = a_case();

	outside("redis-cli -s $LOKET_REDIS flushall >/dev/null");
	read_page(NULL, 2);
	ck_assert_int_eq(result, QUEUE_UNAVAILABLE);
	queue_check(srv.queue);
	wait_until(whole);
	ck_assert_int_eq(in_redis(), N_CASES);
	outside("redis-cli -s $LOKET_REDIS flushall >/dev/null");
	queue_remove(srv.queue, c.id);                        /* any change notices it, too */
	wait_until(whole);
	ck_assert_int_eq(in_redis(), N_CASES);
}
END_TEST

static bool urgent_first(void)
{
	return number("redis-cli -s $LOKET_REDIS zcount loket:queue -inf 1600000000000") == 1;
}

START_TEST(a_difference_is_repaired)
{
	struct route_case c = a_case();

	queue_put(srv.queue, &c);                             /* PostgreSQL does not know it */
	wait_until(one_more);
	queue_check(srv.queue);
	wait_until(as_before);
	wait_until(whole);
	sql("delete from loket.case_file where reference = 'R2'; insert into loket.case_file (id, municipality, reference,"
	    " product, inbox, channel, state, opened_at, arrived_at, due_at, last_contact_at) values (gen_random_uuid(),"
	    " 'dordrecht', 'urgent', 'algemeen', 'x', 'whatsapp', 'queued', now(), '2020-01-01', '2020-01-01', now())");
	queue_check(srv.queue);                               /* the same number, another case first */
	wait_until(urgent_first);
	wait_until(whole);
	read_page(NULL, 2);
	ck_assert_int_lt(seen_due[0], INT64_C(1600000000) * 1000000);
}
END_TEST

static bool whole_again(void)
{
	return stream_up(srv.stream) && whole();
}

START_TEST(a_restart_of_redis_is_repaired)
{
	outside("$LOKET_SERVERS ctl redis-kill; $LOKET_SERVERS ctl redis-start");
	wait_until(whole_again);
	ck_assert_int_eq(in_redis(), N_CASES);
}
END_TEST

/* PostgreSQL's page was read before the case left: it must not come back with the page */
START_TEST(what_leaves_during_a_rebuild_stays_away)
{
	const char *begun = "redis-cli -s $LOKET_REDIS set loket:queue:rebuilding t ex 10 >/dev/null;"
	                    "redis-cli -s $LOKET_REDIS zrange loket:queue 0 0 > $LOKET_DIR/first";
	struct case_id id;
	char text[64];
	FILE *f;

	outside(begun);
	f = popen("cat $LOKET_DIR/first", "r");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	pclose(f);
	text[strcspn(text, "\n")] = '\0';
	ck_assert(uuid_parse(text, &id.u));
	queue_remove(srv.queue, id);
	read_page(NULL, 2);
	ck_assert_int_eq(number("redis-cli -s $LOKET_REDIS scard loket:queue:gone"), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_page_in_the_order_of_urgency, telling_twice_changes_nothing, many_changes_in_one_turn,
		flushall_is_noticed, a_difference_is_repaired, a_restart_of_redis_is_repaired,
		what_leaves_during_a_rebuild_stays_away,
	};
	Suite *s = suite_create("queue");

	unit_case(s, tests, COUNT(tests), setup, teardown);
	return unit_end(s);
}
