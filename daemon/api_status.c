/*
 * api_status.c - for operators: does it live, can it work, what are its figures, what does it speak
 */
#include "daemon/api.h"

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/server.h"
#include "daemon/sse.h"
#include "daemon/stream.h"
#include "daemon/world.h"

#include <stdlib.h>

/* that the loop got here is the answer */
enum op_status api_livez(struct api *a)
{
	return api_answer(a, 200, json_pack("{s:s}", "status", "alive"));
}

/* what loketd cannot do without and has not got. A connection is ready when every statement was prepared, so
 * "database" is also a schema that is not there */
static json_t *missing(const struct server *srv)
{
	json_t *list = json_array();

	if (!pg_ready(srv->pg, PG_SYSTEM) || !pg_ready(srv->pg, PG_API))
		json_array_append_new(list, json_string("database"));
	if (!srv->world)
		json_array_append_new(list, json_string("world"));
	if (srv->stopping)
		json_array_append_new(list, json_string("stopping"));
	return list;
}

/* what is not as it should be, and does not stop us */
static json_t *degraded(const struct server *srv)
{
	json_t *list = json_array();

	if (srv->stream && !stream_up(srv->stream))
		json_array_append_new(list, json_string("redis"));
	if (srv->world->n_no_way_out)
		json_array_append_new(list, json_string("option0"));
	return list;
}

enum op_status api_readyz(struct api *a)
{
	const struct server *srv = a->op.srv;
	json_t *list = missing(srv), *j;

	if (json_array_size(list) > 0) {
		j = problem_json(PROBLEM_UNAVAILABLE, "Cannot take work: see missing.", NULL, NULL);
		json_object_set_new(j, "missing", list);
		return api_answer(a, 503, j);
	}
	json_decref(list);
	j = json_pack("{s:s}", "status", "ready");
	list = degraded(srv);
	if (json_array_size(list) > 0)
		json_object_set(j, "degraded", list);
	json_decref(list);
	return api_answer(a, 200, j);
}

/* figures that are looked up rather than counted */
static void gauges(const struct server *srv)
{
	metric_set(M_REDIS_UP, srv->stream && stream_up(srv->stream));
	metric_set(M_OPS, op_count(srv));
	metric_set(M_LOG_DROPPED, (int64_t)log_dropped());
	if (srv->http)
		metric_set(M_HTTP_CONNECTIONS, http_connections(srv->http));
	if (srv->sse)
		metric_set(M_STREAMS, sse_count(srv->sse));
}

enum op_status api_metrics(struct api *a)
{
	size_t len;
	char *text;

	gauges(a->op.srv);
	text = metrics_text(&len);
	arena_on_free(a->op.arena, free, text);
	return api_send(a, 200, "text/plain; version=0.0.4; charset=utf-8",
	                (struct bytes){ (const uint8_t *)text, len }, NULL);
}

enum op_status api_openapi(struct api *a)
{
	static const char *const headers[] = { "Access-Control-Allow-Origin: *", NULL };

	struct bytes document = { openapi_json, openapi_json_len };

	return api_send(a, 200, "application/json", document, headers);
}
