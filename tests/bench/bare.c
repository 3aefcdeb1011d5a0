/*
 * bare.c - the daemon's own intake statements in a bare libpq loop: what PostgreSQL alone can take
 *
 *   bare CONNINFO BATCH SECONDS REGULARS SEED
 *
 * Each batch is what the daemon sends for BATCH one-message posts: one unit that asks, one that writes. Half of the
 * messages come from REGULARS people whose cases exist, half from new people. Two batches are under way at a time.
 * Prints {"n","seconds","postgres_us"}: CPU of the server process a contact, when it runs on this machine.
 */
#include "daemon/pg_unit.h"
#include "daemon/server.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BATCH = 512, IN_FLIGHT = 2 };

static const char inbox[] = "dordrecht-whatsapp", municipality[] = "dordrecht";

struct row {
	struct uuid contact, raw, party, case_;
	char provider_id[64], phone[32], reference[24], addresses[80], payload[400];
};

static struct row rows[MAX_BATCH], *people;
static long n_people;
static int batch;
static unsigned long seed;
static long serial;
static struct server srv;
static char body[1000];
static int64_t now;

/* odd rows are of people who are known */
static bool is_new(int i)
{
	return i % 2 == 0;
}

static void make_rows(void)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	now = now_us();
	for (int i = 0; i < batch; i++, serial++) {
		struct row *r = &rows[i];
		uint8_t random[8];
		char c[UUID_TEXT], k[UUID_TEXT], phone[sizeof(r->phone)];

		if (!is_new(i) && n_people > 0)
			*r = people[(serial * 7919) % n_people];
		else {
			r->party = server_uuid(&srv);
			r->case_ = server_uuid(&srv);
			snprintf(r->phone, sizeof(r->phone), "48%05lu%07ld", seed % 100000, serial);
		}
		r->contact = server_uuid(&srv);
		r->raw = server_uuid(&srv);
		random_bytes(random, sizeof(random));
		for (int j = 0; j < 8; j++)
			random[j] = (uint8_t)digits[random[j] % 32];
		snprintf(r->reference, sizeof(r->reference), "DOR-%.4s-%.4s", (char *)random, (char *)random + 4);
		snprintf(r->provider_id, sizeof(r->provider_id), "wamid.bare.%lu.%ld", seed, serial);
		memcpy(phone, r->phone, sizeof(phone));
		snprintf(r->addresses, sizeof(r->addresses), "[{\"kind\":\"phone\",\"value\":\"+%s\"}]", phone);
		uuid_format(r->contact, c);
		uuid_format(r->case_, k);
		snprintf(r->payload, sizeof(r->payload), "{\"contact\":{\"id\":\"%s\",\"channel\":\"whatsapp\",\"kind\":\"text\"},"
		         "\"case\":{\"id\":\"%s\",\"product\":\"rijbewijs\",\"municipality\":\"dordrecht\"}}", c, k);
	}
}

/* ---------------------------------------------------------------- the two units */

#define COLUMN(type, push, value, which) \
	do { \
		pg_array(u, type, count(which)); \
		for (int i = 0; i < batch; i++) \
			if (which(i)) \
				push(u, value); \
	} while (0)

static bool all(int i)
{
	(void)i;
	return true;
}

static bool known(int i)
{
	return !is_new(i);
}

static int count(bool (*which)(int))
{
	int n = 0;

	for (int i = 0; i < batch; i++)
		n += which(i);
	return n;
}

#define TEXTS(value, which) COLUMN(PG_TYPE_TEXT, pg_push_text, value, which)
#define UUIDS(value, which) COLUMN(PG_TYPE_UUID, pg_push_uuid, value, which)
#define TIMES(value, which) COLUMN(PG_TYPE_TIME, pg_push_time, value, which)
#define BOOLS(value, which) COLUMN(PG_TYPE_BOOL, pg_push_bool, value, which)
#define INTS(value, which) COLUMN(PG_TYPE_INT8, pg_push_int, value, which)
#define JSONS(value, which) COLUMN(PG_TYPE_JSONB, pg_push_text, value, which)

/* as intake_write.c */
#define SAME(column) \
	do { \
		column; \
		pg_array_same(u); \
	} while (0)
#define SPARSE(column) \
	do { \
		column; \
		pg_array_null(u); \
	} while (0)

static void ask(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_KNOWN_MESSAGES);
	SAME(TEXTS(inbox, all));
	TEXTS(rows[i].provider_id, all);
	pg_add(u, SQL_INTAKE_KNOWN_ADDRESSES);
	SAME(TEXTS(municipality, all));
	SAME(TEXTS("phone", all));
	TEXTS(rows[i].phone, all);
	pg_int(u, 17);
}

static void write_people(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_PARTY_INSERT);
	UUIDS(rows[i].party, is_new);
	SAME(TEXTS(municipality, is_new));
	TEXTS("Jan Voorbeeld", is_new);
	SPARSE(TEXTS(NULL, is_new));
	pg_time(u, now);
	pg_add(u, SQL_INTAKE_ADDRESS_INSERT);
	SAME(TEXTS(municipality, is_new));
	SAME(TEXTS("phone", is_new));
	TEXTS(rows[i].phone, is_new);
	UUIDS(rows[i].party, is_new);
	SAME(BOOLS(true, is_new));
	pg_time(u, now);
}

static void write_cases(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_CASE_INSERT);
	UUIDS(rows[i].case_, is_new);
	SAME(TEXTS(municipality, is_new));
	TEXTS(rows[i].reference, is_new);
	TEXTS("rijbewijs", is_new);
	UUIDS(rows[i].party, is_new);
	SAME(TEXTS(inbox, is_new));
	SAME(TEXTS("whatsapp", is_new));
	SAME(TEXTS("nl", is_new));
	SAME(TEXTS("queued", is_new));
	SPARSE(TEXTS(NULL, is_new));
	SPARSE(TEXTS(NULL, is_new));
	SAME(BOOLS(false, is_new));
	TIMES(now, is_new);
	TIMES(now + 1000000, is_new);
	TIMES(now, is_new);
	SPARSE(TIMES(0, is_new));
	SPARSE(UUIDS((struct uuid){ { 0 } }, is_new));
	SAME(INTS(0, is_new));
	SPARSE(TEXTS(NULL, is_new));
	SPARSE(TEXTS(NULL, is_new));
}

static void write_touched(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_CASE_HEARD);
	UUIDS(rows[i].case_, known);
	TIMES(now, known);
	UUIDS((struct uuid){ { 0 } }, known);
}

static void write_contacts(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_CONTACT_INSERT);
	UUIDS(rows[i].contact, all);
	SAME(TEXTS(municipality, all));
	SAME(TEXTS(inbox, all));
	SAME(TEXTS("whatsapp", all));
	SAME(TEXTS("in", all));
	SAME(TEXTS("private", all));
	SAME(TEXTS("text", all));
	TEXTS(rows[i].provider_id, all);
	TIMES(now, all);
	TIMES(now, all);
	UUIDS(rows[i].case_, all);
	UUIDS(rows[i].party, all);
	TEXTS("Jan Voorbeeld", all);
	JSONS(rows[i].addresses, all);
	SPARSE(TEXTS(NULL, all));
	SPARSE(TEXTS(NULL, all));
	COLUMN(PG_TYPE_TEXT, pg_push_bytes, ((struct bytes){ (uint8_t *)body, 500 }), all);
	SPARSE(JSONS(NULL, all));
	SPARSE(JSONS(NULL, all));
	SPARSE(TEXTS(NULL, all));
	SPARSE(UUIDS((struct uuid){ { 0 } }, all));
	UUIDS(rows[i].raw, all);
}

static void write_all(struct pg_unit *u)
{
	pg_add(u, SQL_INTAKE_RAW_INSERT);
	UUIDS(rows[i].raw, all);
	SAME(TEXTS(municipality, all));
	SAME(TEXTS(inbox, all));
	TIMES(now, all);
	SAME(TEXTS("application/json", all));
	SAME(INTS(1, all));
	COLUMN(PG_TYPE_BYTEA, pg_push_bytes, ((struct bytes){ (uint8_t *)body, sizeof(body) }), all);
	if (count(is_new) > 0) {
		write_people(u);
		write_cases(u);
	}
	if (count(known) > 0)
		write_touched(u);
	write_contacts(u);
	pg_add(u, SQL_INTAKE_NOTICE_KNOWN);
	pg_time(u, now);
	SAME(TEXTS(municipality, all));
	SAME(TEXTS("contact.received", all));
	UUIDS(rows[i].case_, all);
	SPARSE(UUIDS((struct uuid){ { 0 } }, all));
	COLUMN(PG_TYPE_JSON, pg_push_text, rows[i].payload, all);
}

/* ---------------------------------------------------------------- libpq */

static void give_up(PGconn *pq, const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, PQerrorMessage(pq));
	exit(1);
}

static void send_unit(PGconn *pq, void (*build)(struct pg_unit *u))
{
	static struct pg_unit u;
	uint8_t *buf = u.buf;
	size_t room = u.room;

	memset(&u, 0, sizeof(u));
	u.buf = buf;
	u.room = room;
	build(&u);
	for (int s = 0; s < u.n; s++) {
		const char *values[PG_UNIT_MAX_PARAMS];
		int lengths[PG_UNIT_MAX_PARAMS], formats[PG_UNIT_MAX_PARAMS], n = u.statements[s].n_params;

		for (int i = 0; i < n; i++) {
			const struct pg_param *p = &u.params[u.statements[s].first_param + i];

			values[i] = p->len < 0 ? NULL : (char *)u.buf + p->at;
			lengths[i] = p->len;
			formats[i] = p->binary;
		}
		if (!PQsendQueryPrepared(pq, sql_table[u.statements[s].sql].name, n, values, lengths, formats, 0))
			give_up(pq, "send");
	}
	if (!PQpipelineSync(pq))
		give_up(pq, "sync");
}

static void read_unit(PGconn *pq)
{
	for (;;) {
		PGresult *r = PQgetResult(pq);
		ExecStatusType s = PQresultStatus(r);

		if (r != NULL && s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK && s != PGRES_PIPELINE_SYNC)
			give_up(pq, PQresultErrorMessage(r));
		PQclear(r);
		if (s == PGRES_PIPELINE_SYNC)
			return;
	}
}

static void one_batch(PGconn *pq)
{
	make_rows();
	send_unit(pq, ask);
	send_unit(pq, write_all);
}

static void two_answers(PGconn *pq)
{
	read_unit(pq);
	read_unit(pq);
}

static PGconn *open_connection(const char *conninfo)
{
	const char *keys[] = { "dbname", "options", NULL }, *values[] = { conninfo, pg_session_options[PG_SYSTEM], NULL };
	PGconn *pq = PQconnectdbParams(keys, values, 1);

	if (PQstatus(pq) != CONNECTION_OK)
		give_up(pq, "connect");
	for (int i = 0; i < N_SQL; i++)
		if (strncmp(sql_table[i].name, "intake_", 7) == 0)
			PQclear(PQprepare(pq, sql_table[i].name, sql_table[i].text, 0, NULL));
	if (!PQenterPipelineMode(pq))
		give_up(pq, "pipeline");
	return pq;
}

/* the people who will write again: their first message, all of them new */
static void make_people(PGconn *pq, long n)
{
	int asked = batch;
	long made = 0;

	people = calloc((size_t)n + MAX_BATCH, sizeof(*people));
	batch = 2;
	while (made < n) {
		make_rows();
		rows[1] = rows[0];              /* row 1 is "known": it touches the case of row 0 */
		rows[1].contact = server_uuid(&srv);
		rows[1].raw = server_uuid(&srv);
		snprintf(rows[1].provider_id, sizeof(rows[1].provider_id), "wamid.bare.%lu.%ld.again", seed, serial);
		send_unit(pq, write_all);
		read_unit(pq);
		people[made++] = rows[0];
	}
	n_people = n;
	batch = asked;
}

/* CPU of the server process so far */
static double server_us(PGconn *pq)
{
	char path[64];
	double ns = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", PQbackendPID(pq));
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%lf", &ns) != 1)
		ns = 0;
	if (f != NULL)
		fclose(f);
	return ns / 1000;
}

int main(int argc, char **argv)
{
	long n = 0;
	double before;
	int out = 0;
	int64_t began, end;
	PGconn *pq;

	if (argc != 6) {
		fprintf(stderr, "usage: bare CONNINFO BATCH SECONDS REGULARS SEED\n");
		return 2;
	}
	batch = (int)strtol(argv[2], NULL, 10);
	seed = strtoul(argv[5], NULL, 10);
	memset(body, 'x', sizeof(body));
	if (batch < 2 || batch > MAX_BATCH)
		return 2;
	pq = open_connection(argv[1]);
	make_people(pq, strtol(argv[4], NULL, 10));
	before = server_us(pq);
	began = mono_us();
	end = began + (int64_t)(strtod(argv[3], NULL) * 1e6);
	while (mono_us() < end) {
		one_batch(pq);
		n += batch;
		if (++out == IN_FLIGHT) {
			two_answers(pq);
			out--;
		}
	}
	while (out-- > 0)
		two_answers(pq);
	printf("{\"n\": %ld, \"seconds\": %.3f, \"postgres_us\": %.1f}\n", n, (double)(mono_us() - began) / 1e6,
	       (server_us(pq) - before) / (double)(n > 0 ? n : 1));
	PQfinish(pq);
	return 0;
}
