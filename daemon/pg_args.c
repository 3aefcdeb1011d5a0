/* pg_args.c - building a unit: statements and parameters in one growing buffer */
#include "daemon/pg_unit.h"
#include "lib/base/jsonx.h"

#include "lib/base/must.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_ROOM = 2048 };

/* array_recv(): dimensions, whether there are NULLs, type, count, first index, 4 bytes each */
enum { ARRAY_COUNT = 12, ARRAY_HEADER = 20 };

#define PG_EPOCH_US (INT64_C(946684800) * 1000000)   /* PostgreSQL counts from 2000-01-01 */

/* of pg_type.dat; fixed since PostgreSQL 8.3 (uuid) and 9.4 (jsonb) */
static const uint32_t array_oids[] = {
	[PG_TYPE_UUID] = 2950, [PG_TYPE_TEXT] = 25, [PG_TYPE_BYTEA] = 17, [PG_TYPE_INT8] = 20,
	[PG_TYPE_BOOL] = 16, [PG_TYPE_TIME] = 1184, [PG_TYPE_JSON] = 114, [PG_TYPE_JSONB] = 3802,
};

/* ---------------------------------------------------------------- the buffer */

/* room for n more bytes; false when the unit has passed its maximum, and then it will not be sent */
static bool reserve(struct pg_unit *u, size_t n)
{
	size_t room = u->room > 0 ? u->room : FIRST_ROOM;
	uint8_t *buf;

	if (n > PG_UNIT_MAX_BYTES - u->len) {
		u->too_big = true;
		return false;
	}
	if (u->len + n <= u->room)
		return true;
	while (room < u->len + n)
		room *= 2;
	buf = must(realloc(u->buf, room));
	u->buf = buf;
	u->room = room;
	return true;
}

static void put(struct pg_unit *u, const void *p, size_t n)
{
	if (n > 0 && reserve(u, n)) {
		memcpy(u->buf + u->len, p, n);
		u->len += n;
	}
}

static void put32(struct pg_unit *u, uint32_t v)
{
	v = htobe32(v);
	put(u, &v, sizeof(v));
}

/* ---------------------------------------------------------------- statements */

static void check_last(const struct pg_unit *u)
{
	const struct pg_statement *s = &u->statements[u->n - 1];

	assert(u->array_left == 0);
	assert(s->n_params == sql_table[s->sql].n_params);
}

void pg_unit_complete(const struct pg_unit *u)
{
	assert(u->n > u->n_hidden);
	check_last(u);
}

void pg_add(struct pg_unit *u, enum sql statement)
{
	assert(u->n < PG_UNIT_MAX + u->n_hidden);
	if (u->n > 0)
		check_last(u);
	u->statements[u->n++] = (struct pg_statement){ statement, u->n_params, 0 };
}

static struct pg_param *add_param(struct pg_unit *u, int binary)
{
	struct pg_param *p = &u->params[u->n_params];

	assert(u->n > 0 && u->n_params < PG_UNIT_MAX_PARAMS && u->array_left == 0);
	u->n_params++;
	u->statements[u->n - 1].n_params++;
	*p = (struct pg_param){ .at = u->len, .len = -1, .binary = binary };
	return p;
}

/* ---------------------------------------------------------------- one value: as text, so that any type fits */

void pg_null(struct pg_unit *u)
{
	add_param(u, 0);
}

static void text_param(struct pg_unit *u, const char *s, size_t len)
{
	struct pg_param *p = add_param(u, 0);

	p->len = (int)len;
	put(u, s, len);
	put(u, "", 1);              /* libpq wants text with its NUL */
}

void pg_text(struct pg_unit *u, const char *s)
{
	if (s == NULL)
		pg_null(u);
	else
		text_param(u, s, strlen(s));
}

void pg_bytea(struct pg_unit *u, struct bytes b)
{
	struct pg_param *p = add_param(u, 1);

	if (b.data != NULL) {
		p->len = b.len <= PG_UNIT_MAX_BYTES ? (int)b.len : 0;
		put(u, b.data, b.len);
	}
}

void pg_int(struct pg_unit *u, int64_t v)
{
	char s[24];

	text_param(u, s, (size_t)snprintf(s, sizeof(s), "%lld", (long long)v));
}

void pg_bool(struct pg_unit *u, bool v)
{
	text_param(u, v ? "t" : "f", 1);
}

void pg_time(struct pg_unit *u, int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	int part = (int)(us % 1000000);
	struct tm tm;
	char out[64];

	if (us == 0) {
		pg_null(u);
		return;
	}
	if (part < 0) {
		part += 1000000;
		s--;
	}
	gmtime_r(&s, &tm);
	text_param(u, out, (size_t)snprintf(out, sizeof(out), "%04d-%02d-%02d %02d:%02d:%02d.%06d+00",
	                                    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	                                    tm.tm_sec, part));
}

void pg_uuid(struct pg_unit *u, struct uuid v)
{
	char s[UUID_TEXT];

	if (uuid_is_nil(v)) {
		pg_null(u);
		return;
	}
	uuid_format(v, s);
	text_param(u, s, UUID_TEXT - 1);
}

static int put_json(const char *s, size_t n, void *unit)
{
	put(unit, s, n);
	return 0;
}

void pg_json(struct pg_unit *u, const json_t *j)
{
	struct pg_param *p;

	if (j == NULL) {
		pg_null(u);
		return;
	}
	p = add_param(u, 0);
	json_dump_callback(j, put_json, u, JSONX_DUMP);
	p->len = (int)(u->len - p->at);
	put(u, "", 1);
}

/* ---------------------------------------------------------------- arrays, in the binary form of array_recv() */

static void close_array(struct pg_unit *u)
{
	struct pg_param *p = &u->params[u->n_params - 1];

	p->len = (int)(u->len - p->at);
}

static void array_begin(struct pg_unit *u, int n)
{
	put32(u, n > 0 ? 1 : 0);           /* dimensions */
	put32(u, 1);                       /* there may be NULLs */
	put32(u, array_oids[u->array_type]);
	if (n > 0) {
		put32(u, (uint32_t)n);
		put32(u, 1);               /* the first index */
	}
}

void pg_array(struct pg_unit *u, enum pg_type type, int n)
{
	assert(n >= 0);
	add_param(u, 1);
	u->array_type = type;
	array_begin(u, n);
	u->array_left = n;
	if (n == 0)
		close_array(u);
}

/* how many of n elements are equal to the first, until one is not */
static int equal_to_first(const uint8_t *elements, int n, bool *null)
{
	uint32_t length;
	size_t size;
	int i;

	memcpy(&length, elements, sizeof(length));
	*null = length == UINT32_MAX;
	size = sizeof(length) + (*null ? 0 : be32toh(length));
	for (i = 1; i < n; i++)
		if (memcmp(elements, elements + (size_t)i * size, sizeof(length)) != 0 ||
		    memcmp(elements, elements + (size_t)i * size, size) != 0)
			break;
	return i;
}

static void shorten(struct pg_unit *u, bool same)
{
	struct pg_param *p = &u->params[u->n_params - 1];
	uint8_t *array = u->buf + p->at;
	uint32_t n;
	bool null;

	assert(u->array_left == 0);
	if (u->too_big || p->len <= ARRAY_HEADER)
		return;
	memcpy(&n, array + ARRAY_COUNT, sizeof(n));
	if (equal_to_first(array + ARRAY_HEADER, (int)be32toh(n), &null) < (int)be32toh(n) || (!null && !same))
		return;
	u->len = p->at;
	array_begin(u, null ? 0 : 1);
	if (!null) {
		memcpy(&n, array + ARRAY_HEADER, sizeof(n));
		u->len += sizeof(n) + be32toh(n);   /* the first element stands there */
	}
	close_array(u);
}

void pg_array_same(struct pg_unit *u)
{
	shorten(u, true);
}

void pg_array_null(struct pg_unit *u)
{
	shorten(u, false);
}

static void pushed(struct pg_unit *u)
{
	if (--u->array_left == 0)
		close_array(u);
}

/* NULL has no length */
static void push_null(struct pg_unit *u)
{
	assert(u->array_left > 0);
	put32(u, UINT32_MAX);
	pushed(u);
}

static void push(struct pg_unit *u, const void *p, size_t len)
{
	size_t version = u->array_type == PG_TYPE_JSONB;     /* of jsonb's binary form: one byte, 1 */
	uint32_t length = htobe32((uint32_t)(len + version));
	uint8_t *to;

	assert(u->array_left > 0);
	if (reserve(u, sizeof(length) + version + len)) {
		to = u->buf + u->len;
		memcpy(to, &length, sizeof(length));
		if (version > 0)
			to[sizeof(length)] = 1;
		if (len > 0)
			memcpy(to + sizeof(length) + version, p, len);
		u->len += sizeof(length) + version + len;
	}
	pushed(u);
}

void pg_push_text(struct pg_unit *u, const char *s)
{
	assert(u->array_type == PG_TYPE_TEXT || u->array_type == PG_TYPE_JSON || u->array_type == PG_TYPE_JSONB);
	if (s == NULL)
		push_null(u);
	else
		push(u, s, strlen(s));
}

void pg_push_bytes(struct pg_unit *u, struct bytes b)
{
	assert(u->array_type == PG_TYPE_BYTEA || u->array_type == PG_TYPE_TEXT || u->array_type == PG_TYPE_JSONB);
	if (b.data == NULL)
		push_null(u);
	else
		push(u, b.data, b.len);
}

static void push64(struct pg_unit *u, int64_t v)
{
	uint64_t big = htobe64((uint64_t)v);

	push(u, &big, sizeof(big));
}

void pg_push_int(struct pg_unit *u, int64_t v)
{
	assert(u->array_type == PG_TYPE_INT8);
	push64(u, v);
}

void pg_push_bool(struct pg_unit *u, bool v)
{
	assert(u->array_type == PG_TYPE_BOOL);
	push(u, v ? "\1" : "\0", 1);
}

void pg_push_time(struct pg_unit *u, int64_t us)
{
	assert(u->array_type == PG_TYPE_TIME);
	if (us == 0)
		push_null(u);
	else
		push64(u, us - PG_EPOCH_US);
}

void pg_push_uuid(struct pg_unit *u, struct uuid v)
{
	assert(u->array_type == PG_TYPE_UUID);
	if (uuid_is_nil(v))
		push_null(u);
	else
		push(u, v.b, sizeof(v.b));
}
