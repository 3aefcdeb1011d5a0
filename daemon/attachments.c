/*
 * attachments.c - when attachments are worked on: what is due is claimed, what was lost is found, what nobody needs goes
 *
 * Claiming is an operation of its own, one at a time; it starts one operation for each attachment (attachment_work.c).
 * The sweep also looks at the files themselves, a page of one folder each time: files of rows that are gone, and drafts
 * of processes that died.
 */
#include "daemon/attachments.h"

#include "daemon/attachment_files.h"
#include "daemon/attachment_work.h"
#include "daemon/crash.h"
#include "daemon/loop.h"
#include "daemon/pg.h"
#include "lib/base/hmac.h"
#include "lib/base/must.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SWEEP_MS = 5000,
	RETRY_MS = 1000,               /* after a claim that did not come back */
	CLAIM_ARENA_BYTES = 1 << 20,
	PAGE = 500,                    /* files looked at in one sweep */
	YOUNG_S = 3600,                /* a file without a row may be one whose row is about to be committed */
	QUARANTINE = 256,              /* the folder after files/00 … files/ff */
};

struct attachments {
	struct server *srv;
	struct loop_timer *due, *sweep;
	bool claiming, again, sweeping;
	int n_working;
	struct uuid working[ATTACHMENTS_MAX];   /* the first n_working */
	DIR *folder;                            /* being swept; NULL: the next one is to be opened */
	int folder_n;
};

static int most_at_once(const struct attachments *a)
{
	int n = a->srv->config->attachment_parallel;

	return n > ATTACHMENTS_MAX ? ATTACHMENTS_MAX : n;
}

/* ---------------------------------------------------------------- claiming */

enum claim_state { CLAIM_START, CLAIM_DONE };
enum claim_part { CLAIMED, CLAIM_NEXT };

static enum op_status claim_submit(struct op *op)
{
	const struct attachments *a = op->srv->attachments;
	struct pg_unit *u = pg_unit(op, PG_SYSTEM, NULL);

	pg_add(u, SQL_ATTACHMENT_CLAIM);
	pg_text(u, op->srv->instance);
	pg_int(u, most_at_once(a) - a->n_working);
	pg_add(u, SQL_ATTACHMENT_NEXT);
	pg_submit(op, CLAIM_DONE, u);
	CRASH("attachment.claim");
	return OP_WAIT;
}

static void look_again_in(struct attachments *a, int64_t ms)
{
	if (!a->srv->stopping)
		loop_timer_once(a->due, ms < RETRY_MS ? RETRY_MS : ms > SWEEP_MS ? SWEEP_MS : (int)ms);
}

static enum op_status claim_done(struct op *op)
{
	struct attachments *a = op->srv->attachments;

	if (pg_failed(op)) {
		look_again_in(a, RETRY_MS);
		return OP_DONE;
	}
	if (pg_rows(op, CLAIMED) > 0)
		CRASH("attachment.claimed");
	for (int i = 0; i < pg_rows(op, CLAIMED); i++) {
		a->working[a->n_working++] = pg_get_uuid(op, CLAIMED, i, "id");
		attachment_work(op, CLAIMED, i);
	}
	if (pg_get(op, CLAIM_NEXT, 0, "ms"))
		look_again_in(a, pg_get_int(op, CLAIM_NEXT, 0, "ms"));
	return OP_DONE;
}

static enum op_status claim_step(struct op *op)
{
	switch ((enum claim_state)op->state) {
	case CLAIM_START:
		return claim_submit(op);
	case CLAIM_DONE:
		return claim_done(op);
	}
	return op_bad_state(op);
}

static void claim_over(struct op *op, enum op_status how)
{
	struct attachments *a = op->srv->attachments;

	(void)how;
	a->claiming = false;
	if (a->again)
		attachments_wake(a);
}

static const struct op_kind claim_kind = { "attachment.claim", claim_step, claim_over, CLAIM_ARENA_BYTES };

void attachments_wake(struct attachments *a)
{
	a->again = a->claiming;
	if (a->claiming || a->srv->stopping || !*a->srv->config->fetcher || a->n_working >= most_at_once(a))
		return;
	if (!a->srv->world) {        /* what is set up is not read yet: nobody knows where they are */
		look_again_in(a, RETRY_MS);
		return;
	}
	a->claiming = true;
	op_start(op_new(a->srv, &claim_kind, sizeof(struct op)));
}

void attachments_worked(struct attachments *a, struct uuid id)
{
	for (int i = 0; i < a->n_working; i++)
		if (uuid_same(a->working[i], id)) {
			a->working[i] = a->working[--a->n_working];
			break;
		}
	attachments_wake(a);
}

/* ---------------------------------------------------------------- the sweep: a page of one folder */

struct sweep {
	struct op op;
	int folder_n;              /* which folder the names are of */
	const char *names[PAGE];
	int n_names;
};

static void folder_path(const struct attachments *a, int n, char path[PATH_MAX])
{
	if (n == QUARANTINE)
		snprintf(path, PATH_MAX, "%s/quarantine", a->srv->config->state_dir);
	else
		snprintf(path, PATH_MAX, "%s/files/%02x", a->srv->config->state_dir, (unsigned)n);
}

static bool is_old(const struct attachments *a, const char *name)
{
	struct stat st;

	return !fstatat(dirfd(a->folder), name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
	       (int64_t)st.st_mtime < now_us() / 1000000 - YOUNG_S;
}

/* a name of ours, and not of an attachment that is under way */
static bool is_name(const struct attachments *a, const char *name)
{
	uint8_t raw[SHA256_BYTES];
	struct uuid id;

	if (a->folder_n != QUARANTINE)
		return hex_decode(name, strlen(name), raw, sizeof raw);
	if (!uuid_parse(name, &id))
		return false;
	for (int i = 0; i < a->n_working; i++)
		if (uuid_same(a->working[i], id))
			return false;
	return true;
}

static void read_page(struct attachments *a, struct sweep *s)
{
	char path[PATH_MAX];
	struct dirent *e = NULL;

	/* folders that are not there cost nothing */
	for (int i = 0; !a->folder && i <= QUARANTINE; i++) {
		folder_path(a, a->folder_n, path);
		a->folder = opendir(path);
		if (!a->folder)
			a->folder_n = (a->folder_n + 1) % (QUARANTINE + 1);
	}
	s->folder_n = a->folder_n;
	// cppcheck-suppress readdirCalled ; there is one thread
	while (a->folder && s->n_names < PAGE && (e = readdir(a->folder)) != NULL)
		if (is_name(a, e->d_name) && is_old(a, e->d_name))
			s->names[s->n_names++] = arena_str(s->op.arena, e->d_name);
	if (a->folder && e)
		return;
	if (a->folder)
		closedir(a->folder);
	a->folder = NULL;
	a->folder_n = (a->folder_n + 1) % (QUARANTINE + 1);
}

static void ask_names(struct pg_unit *u, const struct sweep *s)
{
	struct uuid id;

	pg_add(u, s->folder_n == QUARANTINE ? SQL_ATTACHMENT_DRAFTS : SQL_ATTACHMENT_UNUSED);
	pg_array(u, s->folder_n == QUARANTINE ? PG_TYPE_UUID : PG_TYPE_TEXT, s->n_names);
	for (int i = 0; i < s->n_names; i++) {
		if (s->folder_n != QUARANTINE)
			pg_push_text(u, s->names[i]);
		else if (uuid_parse(s->names[i], &id))
			pg_push_uuid(u, id);
	}
}

static void tidy_draft(struct sweep *s, int row)
{
	const char *id = pg_get(&s->op, 1, row, "id"), *sha256 = pg_get(&s->op, 1, row, "stored_as");

	if (sha256)
		attachment_keep(s->op.srv->config, id, sha256);   /* somebody died between COMMIT and this */
	else if (!pg_get_bool(&s->op, 1, row, "needed"))
		attachment_drop(s->op.srv->config, id);
}

static void tidy(struct sweep *s)
{
	int n = s->n_names ? pg_rows(&s->op, 1) : 0;
	char path[PATH_MAX + 80];
	char folder[PATH_MAX];

	folder_path(s->op.srv->attachments, s->folder_n, folder);
	for (int i = 0; i < n; i++) {
		if (s->folder_n == QUARANTINE) {
			tidy_draft(s, i);
			continue;
		}
		snprintf(path, sizeof path, "%s/%s", folder, pg_get(&s->op, 1, i, "sha256"));
		unlink(path);
	}
}

enum sweep_state { SWEEP_START, SWEEP_DONE };

static enum op_status sweep_submit(struct sweep *s)
{
	struct attachments *a = s->op.srv->attachments;
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_ATTACHMENT_ORPHANS);
	pg_text(u, s->op.srv->instance);
	pg_int(u, attachment_work_seconds(s->op.srv));
	pg_array(u, PG_TYPE_UUID, a->n_working);
	for (int i = 0; i < a->n_working; i++)
		pg_push_uuid(u, a->working[i]);
	read_page(a, s);
	if (s->n_names)
		ask_names(u, s);
	return pg_submit(&s->op, SWEEP_DONE, u);
}

static enum op_status sweep_step(struct op *op)
{
	switch ((enum sweep_state)op->state) {
	case SWEEP_START:
		return sweep_submit((struct sweep *)op);
	case SWEEP_DONE:
		if (!pg_failed(op))
			tidy((struct sweep *)op);
		return OP_DONE;              /* a failed one: the next round comes by again; pg.c logged the loss */
	}
	return op_bad_state(op);
}

static void sweep_over(struct op *op, enum op_status how)
{
	(void)how;
	op->srv->attachments->sweeping = false;
	attachments_wake(op->srv->attachments);
}

static const struct op_kind sweep_kind = { "attachment.sweep", sweep_step, sweep_over, CLAIM_ARENA_BYTES };

static void on_sweep(void *arg)
{
	struct attachments *a = arg;

	loop_timer_once(a->sweep, SWEEP_MS);
	if (a->sweeping || a->srv->stopping || !pg_ready(a->srv->pg, PG_SYSTEM))
		return;
	a->sweeping = true;
	op_start(op_new(a->srv, &sweep_kind, sizeof(struct sweep)));
}

static void on_due(void *arg)
{
	attachments_wake(arg);
}

/* ---------------------------------------------------------------- */

struct attachments *attachments_new(struct server *srv)
{
	struct attachments *a = must(calloc(1, sizeof(*a)));

	a->srv = srv;
	a->folder_n = QUARANTINE;
	a->due = loop_timer_new(srv, on_due, a);
	a->sweep = loop_timer_new(srv, on_sweep, a);
	loop_timer_once(a->sweep, RETRY_MS);
	return a;
}

struct attachments *attachments_free(struct attachments *a)
{
	if (!a)
		return NULL;
	loop_timer_free(a->due);
	loop_timer_free(a->sweep);
	if (a->folder)
		closedir(a->folder);
	free(a);
	return NULL;
}
