/*
 * attachment_work.c - one attachment: get it, look at it, have it scanned, record what became of it
 *
 * Each step on the bytes is a job for loketd-fetch. What is recorded is guarded by the holder, so who comes late writes
 * nothing. A file leaves quarantine after the row says "stored": until then nobody is given it.
 */
#include "daemon/attachment_work.h"

#include "daemon/attachment_files.h"
#include "daemon/attachments.h"
#include "daemon/config.h"
#include "daemon/crash.h"
#include "daemon/fetcher.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/outbox.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/channel/media.h"
#include "lib/core/file_type.h"

#include <string.h>
#include <unistd.h>

enum { WORK_ARENA_BYTES = 2 << 20, LOOK_SECONDS = 60, SCAN_SECONDS = 120, BACKOFF_MAX_S = 600, AWAY_S = 10,
	RECORD_AGAIN_MS = 1000, MAX_TYPE = 100, MAX_WHY = 100, MAX_URL = 4000 };

struct work {
	struct op op;              /* first: op.h */
	struct uuid id;
	char id_text[UUID_TEXT];
	const char *inbox, *provider_ref, *was, *sha256;
	int64_t n_bytes;
	int attempts;
	struct channel_media media;
	const struct channel_ops *ops;   /* constant */
	json_t *told;
	int file;                  /* -1: none open */
	/* what became of it */
	const char *state, *why, *type;
	int wait_s;
	bool counts;
};

enum work_state { WORK_START, WORK_TOLD, WORK_GOT, WORK_LOOKED, WORK_SCANNED, WORK_RECORDED, WORK_AGAIN };

int attachment_work_seconds(const struct server *srv)
{
	return 2 * srv->config->attachment_seconds + LOOK_SECONDS + SCAN_SECONDS + 4 * FETCHER_GRACE_S;
}

/* ---------------------------------------------------------------- what became of it */

static void close_file(struct work *w)
{
	if (w->file >= 0)
		close(w->file);
	w->file = -1;
}

static enum op_status record(struct work *w)
{
	struct pg_unit *u = pg_unit(&w->op, PG_SYSTEM, NULL);

	close_file(w);
	pg_add(u, SQL_ATTACHMENT_DONE);
	pg_uuid(u, w->id);
	pg_text(u, w->op.srv->instance);
	pg_text(u, w->state);
	pg_text(u, w->why);
	pg_text(u, w->type);
	pg_int(u, w->n_bytes);
	pg_text(u, w->sha256);
	pg_int(u, w->wait_s);
	pg_bool(u, w->counts);
	pg_bool(u, strcmp(w->state, "pending") && strcmp(w->state, w->was));
	pg_submit(&w->op, WORK_RECORDED, u);
	CRASH("attachment.written");
	return OP_WAIT;
}

static enum op_status ends(struct work *w, const char *state, const char *why)
{
	w->state = state;
	w->why = why;
	return record(w);
}

/* its state stays; counts: after attachment_attempts times it has failed */
static enum op_status again(struct work *w, const char *why, bool counts)
{
	int wait_s = w->attempts >= 9 ? BACKOFF_MAX_S : 2 << w->attempts;

	if (counts && w->attempts + 1 >= w->op.srv->config->attachment_attempts)
		return ends(w, "failed", why);
	w->counts = counts;
	w->wait_s = counts && wait_s < BACKOFF_MAX_S ? wait_s : counts ? BACKOFF_MAX_S : AWAY_S;
	return ends(w, !strcmp(w->was, "fetching") ? "pending" : "quarantined", why);
}

/* text of the process, which is a stranger's once it was broken into: short and plain, or not at all */
static const char *said(const struct work *w, const char *key)
{
	const char *s = w->told ? jsonx_str(w->told, key) : NULL;
	size_t n = s ? strlen(s) : 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return NULL;
	return n && n <= MAX_WHY ? s : NULL;
}

/* what every job may answer beside its own outcomes */
static enum op_status troubled(struct work *w, bool counts)
{
	const char *why = said(w, "why");

	switch ((enum fetcher_outcome)w->op.result) {
	case FETCHER_AWAY:
		return again(w, "loketd-fetch is not there", false);
	case FETCHER_DIED:
		return again(w, "loketd-fetch broke off", true);
	case FETCHER_LATER:
		return again(w, why, counts);
	case FETCHER_LARGE:
	case FETCHER_NEVER:
	case FETCHER_INFECTED:
	case FETCHER_FINE:
		break;
	}
	return ends(w, "failed", why);
}

/* ---------------------------------------------------------------- get */

static const struct world_inbox *inbox_of(struct work *w)
{
	const struct world *now = world_now(w->op.srv);

	return now ? world_inbox(now, w->inbox) : NULL;
}

static json_t *get_job(struct work *w, const struct world_inbox *in)
{
	const struct config *c = w->op.srv->config;
	json_t *job = json_object(), *headers = json_array(), *allow = json_array();

	for (int i = 0; w->media.headers[i]; i++)
		json_array_append_new(headers, json_string(w->media.headers[i]));
	for (int i = 0; c->fetch_allow[i]; i++)
		json_array_append_new(allow, json_string(c->fetch_allow[i]));
	jsonx_put(job, "do", "get");
	jsonx_put(job, "url", w->media.url);
	json_object_set_new(job, "headers", headers);
	json_object_set_new(job, "hosts", media_hosts(&in->in, w->ops));
	json_object_set_new(job, "allow", allow);
	json_object_set_new(job, "maxBytes", json_integer(w->media.is_file ? c->attachment_max_bytes : MEDIA_MAX_ANSWER));
	json_object_set_new(job, "seconds", json_integer(c->attachment_seconds));
	return job;
}

static enum op_status get(struct work *w, const struct world_inbox *in)
{
	if (strlen(w->media.url) > MAX_URL)
		return ends(w, "failed", "its address is too long");
	close_file(w);
	w->file = attachment_draft_new(w->op.srv->config, w->id_text);
	if (w->file < 0)
		return again(w, "the file cannot be written", false);
	return fetcher_submit(&w->op, w->media.is_file ? WORK_GOT : WORK_TOLD, get_job(w, in), w->file,
	                      w->op.srv->config->attachment_seconds, &w->told);
}

static enum op_status get_first(struct work *w)
{
	const struct world_inbox *in = inbox_of(w);

	if (!in || media_first(w->op.arena, &in->in, w->ops = in->ops, w->provider_ref, &w->media))
		return ends(w, "failed", "the inbox is not set up to fetch it");
	return get(w, in);
}

/* the provider's answer told where the file is: the only bytes that we read ourselves, MEDIA_MAX_ANSWER at most */
static enum op_status get_second(struct work *w)
{
	const struct world_inbox *in = inbox_of(w);
	uint8_t *answer;
	ssize_t n;

	if (w->op.result != FETCHER_FINE)
		return troubled(w, true);
	answer = arena_alloc(w->op.arena, MEDIA_MAX_ANSWER);
	n = pread(w->file, answer, MEDIA_MAX_ANSWER, 0);
	w->media = (struct channel_media){ .url = NULL };
	if (n < 0 || !in || in->ops != w->ops ||
	    w->ops->media(w->op.arena, &in->in, w->provider_ref, (struct bytes){ answer, (size_t)n }, &w->media) ||
	    !w->media.is_file)
		return again(w, "the provider's answer makes no sense", true);
	return get(w, in);
}

/* ---------------------------------------------------------------- look, scan */

static enum op_status look(struct work *w)
{
	close_file(w);
	w->file = attachment_open(w->op.srv->config, w->id_text, w->sha256);
	if (w->file < 0)
		return again(w, "the file is not there", true);
	return fetcher_submit(&w->op, WORK_LOOKED, json_pack("{s:s}", "do", "look"), w->file, LOOK_SECONDS, &w->told);
}

static enum op_status got(struct work *w)
{
	CRASH("attachment.got");
	return w->op.result == FETCHER_FINE ? look(w) : troubled(w, true);
}

static bool is_sha256(const char *s)
{
	uint8_t raw[SHA256_BYTES];

	return s && hex_decode(s, strlen(s), raw, sizeof raw);
}

static bool is_type(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.+-";

	return s && *s && strlen(s) <= MAX_TYPE && strspn(s, plain) == strlen(s);
}

static enum op_status scan(struct work *w)
{
	const char *socket = w->op.srv->config->clamd_socket;

	if (!*socket)
		return ends(w, "stored", NULL);
	return fetcher_submit(&w->op, WORK_SCANNED, json_pack("{s:s, s:s}", "do", "scan", "socket", socket), w->file,
	                      SCAN_SECONDS, &w->told);
}

static enum op_status looked(struct work *w)
{
	const char *sha256 = jsonx_str(w->told, "sha256"), *type = jsonx_str(w->told, "type");
	int64_t n_bytes = jsonx_int(w->told, "bytes", -1);

	if (w->op.result != FETCHER_FINE)
		return troubled(w, true);
	if (!is_sha256(sha256) || n_bytes < 0)
		return again(w, "loketd-fetch broke off", true);
	if (w->sha256 && strcmp(w->sha256, sha256) != 0)
		return ends(w, "failed", "the file is not what it was");
	w->sha256 = sha256;
	w->n_bytes = n_bytes;
	w->type = is_type(type) ? type : "application/octet-stream";
	if (!n_bytes)
		return ends(w, "refused", "it is empty");
	if (!file_type_find(w->type))
		return ends(w, "refused", "this kind of file is not taken");
	return scan(w);
}

static enum op_status scanned(struct work *w)
{
	const char *found = said(w, "found");

	switch ((enum fetcher_outcome)w->op.result) {
	case FETCHER_FINE:
		return ends(w, "stored", NULL);
	case FETCHER_INFECTED:
		return ends(w, "refused", arena_printf(w->op.arena, "the virus scanner found %s", found ? found : "something"));
	case FETCHER_LARGE:
		return ends(w, "refused", "larger than the virus scanner takes");
	default:
		w->was = "quarantined";   /* looked at: only the scan is missing, for as long as it takes */
		return again(w, w->told ? "the virus scanner does not answer" : "loketd-fetch is not there", false);
	}
}

/* ---------------------------------------------------------------- */

static void count(const struct work *w)
{
	metric_add(!strcmp(w->state, "stored") ? M_ATTACHMENTS_STORED : !strcmp(w->state, "refused") ? M_ATTACHMENTS_REFUSED
	                                                                                        : M_ATTACHMENTS_FAILED, 1);
}

static enum op_status recorded(struct work *w)
{
	const struct config *c = w->op.srv->config;
	bool is_there = pg_rows(&w->op, 0) > 0;

	CRASH("attachment.recorded");
	if (is_there && pg_get(&w->op, 0, 0, "id"))
		rows_publish(&w->op, 0);
	if (is_there && !strcmp(w->state, "stored") && attachment_keep(c, w->id_text, w->sha256))
		log_event(LOG_ERROR, "attachment.keep", "id=%s why=\"cannot be moved out of quarantine\"", w->id_text);
	if (is_there && w->provider_ref && (!strcmp(w->state, "failed") || !strcmp(w->state, "pending")))
		attachment_drop(c, w->id_text);
	if (is_there && pg_get_bool(&w->op, 0, 0, "awaited"))
		outbox_wake(w->op.srv->outbox);
	if (w->wait_s == 0)
		count(w);
	log_event(!strcmp(w->state, "stored") ? LOG_INFO : LOG_WARNING, "attachment.done",
	          "id=%s state=%s attempts=%d ms=%lld why=\"%.80s\"", w->id_text, is_there ? w->state : "gone",
	          w->attempts + 1, (long long)((mono_us() - w->op.started_us) / 1000), w->why ? w->why : "");
	return OP_DONE;
}

/* when we stop, what is under way is found by whoever comes next (attachment_orphans) */
static enum op_status work_step(struct op *op)
{
	struct work *w = (struct work *)op;

	if (op->srv->stopping && op->state != WORK_RECORDED)
		return OP_DONE;
	switch ((enum work_state)op->state) {
	case WORK_START:
		return strcmp(w->was, "fetching") ? look(w) : get_first(w);
	case WORK_TOLD:
		return get_second(w);
	case WORK_GOT:
		return got(w);
	case WORK_LOOKED:
		return looked(w);
	case WORK_SCANNED:
		return scanned(w);
	case WORK_RECORDED:
		if (pg_failed(op) && err_is_refusal(&op->err))
			return OP_FAIL;   /* a mistake of ours: shown in the log, and taken for lost some time */
		if (pg_failed(op))
			return op_sleep(op, WORK_AGAIN, RECORD_AGAIN_MS);
		return recorded(w);
	case WORK_AGAIN:
		return record(w);
	}
	return op_bad_state(op);
}

static void work_over(struct op *op, enum op_status how)
{
	struct work *w = (struct work *)op;

	(void)how;
	close_file(w);
	attachments_worked(op->srv->attachments, w->id);
}

static const struct op_kind work_kind = { "attachment.work", work_step, work_over, WORK_ARENA_BYTES };

void attachment_work(const struct op *claim, int statement, int row)
{
	struct work *w = (struct work *)op_new(claim->srv, &work_kind, sizeof(*w));

	w->id = pg_get_uuid(claim, statement, row, "id");
	uuid_format(w->id, w->id_text);
	w->inbox = arena_str(w->op.arena, pg_get(claim, statement, row, "inbox"));
	w->provider_ref = arena_str(w->op.arena, pg_get(claim, statement, row, "provider_ref"));
	w->was = arena_str(w->op.arena, pg_get(claim, statement, row, "state"));
	w->sha256 = arena_str(w->op.arena, pg_get(claim, statement, row, "sha256"));
	w->attempts = (int)pg_get_int(claim, statement, row, "attempts");
	w->n_bytes = -1;
	w->file = -1;
	if (!strcmp(w->was, "fetching"))
		w->sha256 = NULL;   /* what a provider gives the second time may differ */
	op_start(&w->op);
}
