/* rows.c - columns know their type in PostgreSQL; lib/core/wire knows what the contract makes of it */
#include "daemon/rows.h"

#include "daemon/server.h"
#include "daemon/sse.h"
#include "lib/base/jsonx.h"
#include "lib/core/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* source: pg_type.dat of PostgreSQL 15; these numbers are fixed for built-in types */
enum { T_BOOL = 16, T_INT8 = 20, T_INT2 = 21, T_INT4 = 23, T_JSON = 114, T_FLOAT4 = 700, T_FLOAT8 = 701,
	T_TIMESTAMPTZ = 1184, T_NUMERIC = 1700, T_JSONB = 3802 };

static enum wire_type wire_type_of(Oid type)
{
	switch (type) {
	case T_BOOL:
		return WIRE_BOOL;
	case T_INT2:
	case T_INT4:
	case T_INT8:
		return WIRE_INT;
	case T_FLOAT4:
	case T_FLOAT8:
	case T_NUMERIC:
		return WIRE_FLOAT;
	case T_TIMESTAMPTZ:
		return WIRE_TIME;
	case T_JSON:
	case T_JSONB:
		return WIRE_JSON;
	default:
		return WIRE_TEXT;
	}
}

static json_t *object_from(const PGresult *r, int row, int first_column)
{
	json_t *o = json_object();

	for (int i = first_column; i < PQnfields(r); i++)
		if (!PQgetisnull(r, row, i))
			wire_put(o, PQfname(r, i), wire_type_of(PQftype(r, i)), PQgetvalue(r, row, i));
	return o;
}

json_t *rows_object(const struct op *op, int statement, int row)
{
	return object_from(op->pg->results[statement], row, 0);
}

json_t *rows_array_of(const struct op *op, int statement, int n)
{
	const PGresult *r = op->pg->results[statement];
	json_t *some = json_array();

	for (int i = 0; i < PQntuples(r); i++)
		if (strtoll(PQgetvalue(r, i, 0), NULL, 10) == n)
			json_array_append_new(some, object_from(r, i, 1));
	return some;
}

json_t *rows_array(const struct op *op, int statement)
{
	json_t *all = json_array();

	for (int i = 0; i < pg_rows(op, statement); i++)
		json_array_append_new(all, rows_object(op, statement, i));
	return all;
}

/* a column, looked at once for all rows */
struct column {
	char key[80]; /* "receivedAt": */
	enum wire_type type;
	enum wire_written masked; /* for who may not see a BSN */
};

static struct column column_of(const PGresult *r, int i, bool masked)
{
	struct column c = {.type = wire_type_of(PQftype(r, i)),
			   .masked = masked ? wire_is_written(PQfname(r, i)) : WIRE_OURS};

	snprintf(c.key, sizeof(c.key), "\"%s\":", PQfname(r, i));
	return c;
}

static void add_row(struct wire_text *t, const PGresult *r, int row, const struct column *columns)
{
	const char *comma = "{";

	for (int i = 0; i < PQnfields(r); i++) {
		if (PQgetisnull(r, row, i))
			continue;
		wire_add(t, comma);
		wire_add(t, columns[i].key);
		wire_add_value(t, columns[i].type, PQgetvalue(r, row, i), columns[i].masked);
		comma = ",";
	}
	wire_add(t, *comma == '{' ? "{}" : "}");
}

char *rows_text(const struct op *op, int statement, int max, const struct principal *p)
{
	const PGresult *r = op->pg->results[statement];
	struct column *columns = arena_array(op->arena, struct column, (size_t)PQnfields(r));
	struct wire_text t = {0};

	for (int i = 0; i < PQnfields(r); i++)
		columns[i] = column_of(r, i, !access_sees_bsn(p));
	wire_add(&t, "[");
	for (int i = 0; i < PQntuples(r) && i < max; i++) {
		wire_add(&t, i ? "," : "");
		add_row(&t, r, i, columns);
	}
	wire_add(&t, "]");
	return t.s;
}

json_t *rows_masked(json_t *list, const struct principal *p)
{
	json_t *one;
	size_t i;

	if (!access_sees_bsn(p))
		json_array_foreach(list, i, one)
			wire_mask(one);
	return list;
}

json_t *rows_json(const struct op *op, int statement, int row, const char *column)
{
	const char *text = pg_get(op, statement, row, column);
	json_t *value = NULL;

	if (text)
		jsonx_load(op->arena, (struct bytes){(const uint8_t *)text, strlen(text)}, &value, NULL);
	return value;
}

static void publish_row(const struct op *op, int statement, int row)
{
	const char *payload = pg_get(op, statement, row, "payload");
	const char *municipality = pg_get(op, statement, row, "municipality");
	const char *case_id = pg_get(op, statement, row, "case_id");
	struct notice n = {
		.id = pg_get_int(op, statement, row, "id"),
		.at_us = pg_get_time(op, statement, row, "at"),
		.kind = (enum notice_kind)notice_from(pg_get(op, statement, row, "kind")),
		.agent = { pg_get_uuid(op, statement, row, "agent") },
		.payload = (char *)(uintptr_t)payload,   /* sse_publish copies: there may be thousands of rows */
	};

	snprintf(n.municipality, sizeof(n.municipality), "%s", municipality);
	snprintf(n.case_id, sizeof(n.case_id), "%s", case_id != NULL ? case_id : "");
	sse_publish(op->srv->sse, &n);
}

void rows_publish(const struct op *op, int statement)
{
	for (int i = 0; i < pg_rows(op, statement); i++)
		publish_row(op, statement, i);
}
