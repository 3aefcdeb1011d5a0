/*
 * api_attachments.c - /v1/contacts/{id}/attachments/{attachment}: a file of a citizen, or another try to get it
 *
 * Handed out as something to save, never to show: the type is ours, the name is made safe, nothing runs.
 */
#include "daemon/api.h"

#include "daemon/attachment_files.h"
#include "daemon/attachments.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "lib/core/file_type.h"
#include "lib/core/wire.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum state { NEW, READ };

/* the attachment that the path names, and that somebody looked at it; false: no ids */
static bool name_it(struct api *a, struct uuid *contact, struct uuid *attachment)
{
	return api_id(a, a->param[0], contact) && api_id(a, a->param[1], attachment);
}

static void add(struct pg_unit *u, enum sql what, struct uuid contact, struct uuid attachment)
{
	pg_add(u, what);
	pg_uuid(u, contact);
	pg_uuid(u, attachment);
}

static void add_audit(struct api *a, struct pg_unit *u, struct uuid contact, struct uuid attachment, const char *action)
{
	add(u, SQL_ATTACHMENT_AUDIT, contact, attachment);
	pg_text(u, a->who.token_id);
	pg_uuid(u, a->who.agent_id.u);
	pg_text(u, action);
	pg_text(u, a->x ? http_peer(a->x) : NULL);
}

/* ---------------------------------------------------------------- GET */

static enum op_status get_begin(struct api *a)
{
	struct uuid contact, attachment;
	struct pg_unit *u;

	if (!name_it(a, &contact, &attachment))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add(u, SQL_ATTACHMENT_GET, contact, attachment);
	add_audit(a, u, contact, attachment, "attachment.read");
	return pg_submit(&a->op, READ, u);
}

enum op_status api_send_attachment(struct api *a)
{
	const struct file_type *t = file_type_find(pg_get(&a->op, 0, 0, "found_type"));
	const char *headers[] = { file_type_disposition(a->op.arena, t, pg_get(&a->op, 0, 0, "name")),
	                          "Content-Security-Policy: sandbox; default-src 'none'", NULL };
	int fd = attachment_open(a->op.srv->config, pg_get(&a->op, 0, 0, "id"), pg_get(&a->op, 0, 0, "sha256"));
	struct http_x *x = a->x;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0) {
		if (fd >= 0)
			close(fd);
		return api_problem(a, PROBLEM_UNAVAILABLE, "The file is not on this machine.");
	}
	a->answer_status = 200;
	a->x = NULL;
	http_reply_file(x, t->served, fd, (int64_t)st.st_size, headers);
	return OP_DONE;
}

static enum op_status get_answer(struct api *a)
{
	const char *state;
	const struct file_type *t;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, 0))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	state = pg_get(&a->op, 0, 0, "state");
	t = file_type_find(pg_get(&a->op, 0, 0, "found_type"));
	if (strcmp(state, "stored") || !t)
		return api_problem(a, PROBLEM_STATE, arena_printf(a->op.arena, "It is %s.", t ? state : strcmp(state, "stored") ? state : "refused"));
	return api_send_attachment(a);
}

enum op_status api_attachment_get(struct api *a)
{
	switch ((enum state)a->op.state) {
	case NEW:
		return get_begin(a);
	case READ:
		return get_answer(a);
	}
	return op_bad_state(&a->op);
}

/* ---------------------------------------------------------------- POST …/retry */

enum retry_part { RETRY_BEFORE, RETRY_AGAIN, RETRY_SHOWN };

static enum op_status retry_begin(struct api *a)
{
	struct uuid contact, attachment;
	struct pg_unit *u;

	if (!name_it(a, &contact, &attachment))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	u = api_unit(a);
	add(u, SQL_ATTACHMENT_GET, contact, attachment);
	add(u, SQL_ATTACHMENT_RETRY, contact, attachment);
	add(u, SQL_ATTACHMENT_SHOWN, contact, attachment);
	add_audit(a, u, contact, attachment, "attachment.retry");
	return pg_submit(&a->op, READ, u);
}

static enum op_status retry_answer(struct api *a)
{
	json_t *shown;

	if (pg_failed(&a->op))
		return api_failed(a);
	if (!pg_rows(&a->op, RETRY_BEFORE) || !pg_rows(&a->op, RETRY_SHOWN))
		return api_problem(a, PROBLEM_NOT_FOUND, NULL);
	if (!pg_rows(&a->op, RETRY_AGAIN))
		return api_problem(a, PROBLEM_STATE, arena_printf(a->op.arena, "Only what failed is tried again; it is %s.",
		                                                  pg_get(&a->op, RETRY_BEFORE, 0, "state")));
	attachments_wake(a->op.srv->attachments);
	shown = rows_object(&a->op, RETRY_SHOWN, 0);
	if (!access_sees_bsn(&a->who))
		wire_mask_file(json_object_get(shown, "attachment"));
	return api_answer(a, 202, shown);
}

enum op_status api_attachment_retry(struct api *a)
{
	switch ((enum state)a->op.state) {
	case NEW:
		return retry_begin(a);
	case READ:
		return retry_answer(a);
	}
	return op_bad_state(&a->op);
}
