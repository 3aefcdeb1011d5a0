/*
 * outbox_send.c - one reply: compose, send once, record what became of it
 *
 * "sending" was committed before this begins. Whatever comes back is recorded, however long that takes: until
 * then the row says "sending", and when this process dies it becomes "uncertain" (outbox.c). It is sent again
 * only when it certainly did not arrive (P6).
 *
 * One with files is prepared first: they are read, and brought to the provider where the message only names
 * them. Nobody was told anything by that, so who dies then leaves it to be sent again. A commit ends it, of
 * who still holds it (outbox_ready).
 */
#include "daemon/outbox_send.h"

#include "daemon/attachment_files.h"
#include "daemon/config.h"
#include "daemon/courier.h"
#include "daemon/crash.h"
#include "daemon/fetch.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/mutant.h"
#include "daemon/pg.h"
#include "daemon/rows.h"
#include "daemon/server.h"
#include "daemon/world.h"
#include "lib/base/jsonx.h"
#include "lib/channel/sending.h"
#include "lib/core/file_type.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SEND_ARENA_BYTES = 8 << 20,
	FILES_ARENA_BYTES = 128 << 20,
	FILES_AT_ONCE = 2,
	FILES_TURN_MS = 50,
	BACKOFF_MAX_S = 300,
	RETRY_AFTER_MAX_S = 3600,
	RECORD_AGAIN_MS = 1000
};

struct send {
	struct op op; /* first: op.h */
	struct uuid contact;
	const char *contact_word, *inbox, *to_kind, *to, *text, *reply_to;
	const char *answers_id, *reference;
	json_t *template_, *menu, *answers;
	bool is_public, is_automatic, opted_out;
	int64_t last_in_us;
	int attempts;
	const struct channel_ops *ops; /* constant */
	struct channel_file *files;
	int n_files;
	bool with_files, has_turn, settled;
	const char *unfit; /* why its files cannot go; NULL: they can */
	int bringing;      /* which file is on its way to the provider */
	/* what became of it */
	enum sent_outcome outcome;
	const char *id; /* the one we chose; NULL: none */
	const char *provider_id, *error;
	int retry_after_s;
};

enum send_state {
	SEND_START,
	SEND_BROUGHT,
	SEND_READY,
	SEND_READY_AGAIN,
	SEND_ANSWERED,
	SEND_RECORDED,
	SEND_AGAIN
};

static int n_with_files; /* at once, on this instance: each is in memory some three times over */

/* ---------------------------------------------------------------- what to send */

static const char *compose_error(int rule)
{
	switch ((enum reply_outcome)rule) {
	case REPLY_WINDOW_CLOSED:
		return "the provider's window closed before it was sent";
	case REPLY_TOO_LONG:
		return "too long for the channel";
	case REPLY_NO_ADDRESS:
		return "no address to send it to";
	case REPLY_BAD_TEMPLATE:
		return "the channel cannot send this template";
	case REPLY_NOT_PUBLIC:
	case REPLY_NOT_PRIVATE:
		return "the channel cannot say it there";
	case REPLY_OPTED_OUT:
		return "the citizen asked to be sent no more messages";
	case REPLY_NO_FILES:
		return "the channel carries no files there";
	case REPLY_TOO_MANY_FILES:
	case REPLY_FILES_TOO_LARGE:
		return "more or larger files than the channel takes";
	case REPLY_BAD_FILE:
		return "the channel does not take this kind or size of file";
	case REPLY_NO_CHANNEL:
		break;
	}
	return "the channel cannot be answered";
}

static struct channel_reply reply_of(struct send *s)
{
	return (struct channel_reply){
		.contact_id = s->contact_word,
		.to_kind = s->to_kind,
		.to = s->to,
		.text = s->text,
		.template_ = s->template_,
		.menu = s->menu,
		.files = s->files,
		.n_files = s->n_files,
		.reply_to = s->reply_to,
		.last_in_us = s->last_in_us,
		.answers_id = s->answers_id,
		.answers = s->answers,
		.reference = s->reference,
		.is_public = s->is_public,
		.is_automatic = s->is_automatic,
		.hook = world_hook_url(s->op.srv, s->op.arena, s->inbox),
		.now_us = now_us(),
	};
}

static int compose(struct send *s, struct channel_send *out)
{
	const struct world_inbox *in = world_inbox(world_now(s->op.srv), s->inbox);
	struct channel_reply reply = reply_of(s);

	*out = (struct channel_send){0};
	if (in == NULL || !in->enabled || in->ops == NULL || in->ops->compose == NULL)
		return REPLY_NO_CHANNEL;
	if (s->opted_out)
		return REPLY_OPTED_OUT;
	s->ops = in->ops;
	return sending_compose(s->op.arena, in->ops, &in->in, &reply, out);
}

/* a whole file, in the arena: its size was checked */
static bool read_file(struct send *s, struct channel_file *f)
{
	int fd = attachment_open(s->op.srv->config, f->id, f->sha256);
	uint8_t *data = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == f->n_bytes &&
	    (data = arena_try(s->op.arena, (size_t)st.st_size + 1)) != NULL)
		while (n > 0 && len < (size_t)f->n_bytes) {
			n = read(fd, data + len, (size_t)f->n_bytes - len);
			len += n > 0 ? (size_t)n : 0;
		}
	if (fd >= 0)
		close(fd);
	f->content = (struct bytes){data, len};
	return data != NULL && len == (size_t)f->n_bytes;
}

/* ---------------------------------------------------------------- what became of it */

static void read_answer(struct send *s)
{
	const struct fetch_reply *f = s->op.fetched;

	s->provider_id = s->error = NULL;
	s->retry_after_s = f->retry_after_s;
	switch (f->outcome) {
	case FETCH_OK:
		s->outcome = s->ops->sent(s->op.arena, f->status, f->body, &s->provider_id, &s->error);
		if (s->outcome == SENT_RETRY && s->ops->retry_after_s && !s->retry_after_s)
			s->retry_after_s = s->ops->retry_after_s(s->op.arena, f->body);
		if (s->outcome == SENT_OK && s->provider_id == NULL)
			s->provider_id = s->id;
		return;
	case FETCH_NOT_SENT:
		s->outcome = SENT_RETRY;
		s->error = "the provider could not be reached";
		return;
	case FETCH_UNKNOWN:
		s->outcome = SENT_UNCERTAIN;
		s->error = "no answer came: it may have arrived";
		return;
	case FETCH_REFUSED:
		s->outcome = f->err.kind == ERR_BUSY ? SENT_RETRY : SENT_FAILED;
		s->error = "our own guard refused the address";
		return;
	}
}

static int backoff_s(const struct send *s)
{
	int wait_s = s->attempts >= 8 ? BACKOFF_MAX_S : 1 << (s->attempts + 1);
	int asked_s = s->retry_after_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : s->retry_after_s;

	wait_s = wait_s > BACKOFF_MAX_S ? BACKOFF_MAX_S : wait_s;
	return wait_s > asked_s ? wait_s : asked_s;
}

static void record_end(struct pg_unit *u, const struct send *s, const char *delivery)
{
	pg_add(u, SQL_OUTBOX_END);
	pg_uuid(u, s->contact);
	pg_text(u, delivery);
	pg_text(u, s->error);
}

static enum op_status record(struct send *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	if (s->outcome == SENT_RETRY && s->attempts + 1 >= s->op.srv->config->outbox_attempts)
		s->outcome = SENT_FAILED;
	switch (s->outcome) {
	case SENT_OK:
		pg_add(u, SQL_OUTBOX_SENT);
		pg_uuid(u, s->contact);
		pg_text(u, s->provider_id);
		break;
	case SENT_RETRY:
		pg_add(u, SQL_OUTBOX_AGAIN);
		pg_uuid(u, s->contact);
		pg_text(u, s->op.srv->instance);
		pg_int(u, backoff_s(s));
		pg_text(u, s->error);
		pg_int(u, s->attempts);
		break;
	case SENT_FAILED:
		record_end(u, s, "failed");
		break;
	case SENT_OPTED_OUT:
		record_end(u, s, "failed");
		pg_add(u, SQL_OUTBOX_OPTED_OUT);
		pg_uuid(u, s->contact);
		break;
	case SENT_UNCERTAIN:
		record_end(u, s, "uncertain");
		break;
	}
	pg_submit(&s->op, SEND_RECORDED, u);
	CRASH("send.written");
	return OP_WAIT;
}

static const struct {
	const char *word;
	int metric;
} outcomes[] = {
	[SENT_OK] = {"sent", M_REPLIES_SENT},
	[SENT_RETRY] = {"retry", -1},
	[SENT_FAILED] = {"failed", M_REPLIES_FAILED},
	[SENT_UNCERTAIN] = {"uncertain", M_REPLIES_UNCERTAIN},
	[SENT_OPTED_OUT] = {"optedOut", M_REPLIES_FAILED},
};

static enum op_status told(struct send *s)
{
	if (s->outcome != SENT_RETRY)
		rows_publish(&s->op, 0);
	if (outcomes[s->outcome].metric >= 0)
		metric_add((enum metric)outcomes[s->outcome].metric, 1);
	log_event(s->outcome == SENT_OK ? LOG_INFO : LOG_WARNING, "reply.done",
		  "contact=%s outcome=%s attempts=%d ms=%lld", s->contact_word, outcomes[s->outcome].word,
		  s->attempts + 1, (long long)((mono_us() - s->op.started_us) / 1000));
	return OP_DONE;
}

/* ---------------------------------------------------------------- its files, before it goes */

/* what becomes of it is known, but it may be somebody else's by now: who is gone for long is taken for dead
 */
static enum op_status ready(struct send *s);

static enum op_status ends(struct send *s, enum sent_outcome outcome, const char *error)
{
	s->outcome = outcome;
	s->error = error;
	s->settled = true;
	return s->with_files ? ready(s) : record(s);
}

static json_t *uploaded(const struct send *s)
{
	json_t *all = jsonx_own(s->op.arena, json_object());

	for (int i = 0; i < s->n_files; i++)
		jsonx_put(all, s->files[i].id, s->files[i].uploaded);
	return json_object_size(all) > 0 ? all : NULL;
}

static enum op_status ready(struct send *s)
{
	struct pg_unit *u = pg_unit(&s->op, PG_SYSTEM, NULL);

	pg_add(u, SQL_OUTBOX_READY);
	pg_uuid(u, s->contact);
	pg_text(u, s->op.srv->instance);
	pg_json(u, uploaded(s));
	return pg_submit(&s->op, SEND_READY, u);
}

/* the next one that the provider does not have; none is left: the message may go */
static enum op_status bring(struct send *s)
{
	const struct world_inbox *in = world_inbox(world_now(s->op.srv), s->inbox);
	struct channel_reply reply = reply_of(s);
	struct channel_send out = {0};
	int rule;

	while (s->ops->upload != NULL && s->bringing < s->n_files && s->files[s->bringing].uploaded != NULL)
		s->bringing++;
	if (s->ops->upload == NULL || s->bringing == s->n_files)
		return ready(s);
	if (in == NULL || in->ops != s->ops)
		return ends(s, SENT_FAILED, compose_error(REPLY_NO_CHANNEL));
	rule = s->ops->upload(s->op.arena, &in->in, &reply, &s->files[s->bringing], &out);
	if (rule != 0)
		return ends(s, SENT_FAILED, compose_error(rule));
	return fetch_submit(&s->op, SEND_BROUGHT, out.method ? out.method : "POST", out.url, out.headers,
			    (struct bytes){(const uint8_t *)out.body, out.body_len});
}

/* an upload that nobody knows of is done again: no citizen sees it */
static enum op_status brought(struct send *s)
{
	const struct fetch_reply *f = s->op.fetched;
	enum sent_outcome outcome = SENT_RETRY;
	const char *id = NULL, *error = "a file could not be brought to the provider";

	s->retry_after_s = f->retry_after_s;
	if (f->outcome == FETCH_OK)
		outcome = s->ops->uploaded(s->op.arena, f->status, f->body, &id, &error);
	else if (f->outcome == FETCH_REFUSED && f->err.kind != ERR_BUSY)
		outcome = SENT_FAILED;
	if (outcome == SENT_UNCERTAIN)
		outcome = SENT_RETRY;
	if (outcome != SENT_OK)
		return ends(s, outcome, error);
	s->files[s->bringing].uploaded = id;
	return bring(s);
}

static enum op_status prepare(struct send *s)
{
	struct channel_send out;
	int rule;

	if (!s->has_turn && n_with_files >= FILES_AT_ONCE)
		return op_sleep(&s->op, SEND_START, FILES_TURN_MS);
	n_with_files += !s->has_turn;
	s->has_turn = true;
	if (s->unfit != NULL)
		return ends(s, SENT_FAILED, s->unfit);
	if (s->attempts >= s->op.srv->config->outbox_attempts) /* outbox_unprepared counts too */
		return ends(s, SENT_FAILED, "it was never told what became of it");
	rule = compose(s, &out); /* what cannot be sent is not brought either; the files are not in it yet */
	if (rule != 0)
		return ends(s, SENT_FAILED, compose_error(rule));
	for (int i = 0; !s->ops->files->by_url && i < s->n_files; i++)
		if (!read_file(s, &s->files[i]))
			return ends(s, SENT_RETRY, "a file is not on this machine");
	return bring(s);
}

/* ---------------------------------------------------------------- */

static enum op_status send_now(struct send *s)
{
	struct channel_send out;
	int rule = compose(s, &out);

	if (rule != 0) {
		s->outcome = SENT_FAILED;
		s->error = compose_error(rule);
		return record(s);
	}
	s->id = out.id;
	if (out.mail_to != NULL)
		return fetch_mail(&s->op, SEND_ANSWERED, out.url,
				  &(struct fetch_mail){out.mail_from, out.mail_to, out.user, out.password},
				  (struct bytes){(const uint8_t *)out.body, out.body_len});
	fetch_submit(&s->op, SEND_ANSWERED, out.method ? out.method : "POST", out.url, out.headers,
		     (struct bytes){(const uint8_t *)out.body, out.body_len});
	CRASH("send.called");
	return OP_WAIT;
}

static enum op_status send_start(struct send *s)
{
	return s->with_files ? prepare(s) : send_now(s);
}

static enum op_status made_ready(struct send *s)
{
	if (pg_failed(&s->op)) /* nothing was told to anybody: as long as it takes, or until somebody else
				  takes it over */
		return s->op.srv->stopping ? OP_FAIL : op_sleep(&s->op, SEND_READY_AGAIN, RECORD_AGAIN_MS);
	if (pg_rows(&s->op, 0) == 0)
		return OP_DONE;
	return s->settled ? record(s) : send_now(s);
}

static enum op_status record_failed(struct send *s)
{
	if (s->op.srv->stopping)
		return OP_FAIL;
	if (err_is_refusal(
		    &s->op.err)) { /* and always would: record that it may have arrived, without its answer */
		s->outcome = SENT_UNCERTAIN;
		s->error = "the provider's answer could not be stored";
	}
	return op_sleep(&s->op, SEND_AGAIN, RECORD_AGAIN_MS);
}

static enum op_status send_step(struct op *op)
{
	struct send *s = (struct send *)op;

	switch ((enum send_state)op->state) {
	case SEND_START:
		return MUTANT("done_before_send") ? record(s) : send_start(s);
	case SEND_BROUGHT:
		return brought(s);
	case SEND_READY:
		return made_ready(s);
	case SEND_READY_AGAIN:
		return ready(s);
	case SEND_ANSWERED:
		CRASH("send.answered");
		read_answer(s);
		return record(s);
	case SEND_RECORDED: /* or not: then once more, for as long as it takes */
		if (pg_failed(op))
			return record_failed(s);
		if (MUTANT("done_before_send") && s->ops == NULL)
			return send_start(s);
		CRASH("send.recorded");
		return told(s);
	case SEND_AGAIN:
		return record(s);
	}
	return op_bad_state(op);
}

static void send_over(struct op *op, enum op_status how)
{
	struct send *s = (struct send *)op;

	(void)how;
	n_with_files -= s->has_turn;
	courier_back(op->srv->outbox, s->contact);
}

static const struct op_kind send_kind = {"outbox.send", send_step, send_over, SEND_ARENA_BYTES};
static const struct op_kind send_files_kind = {"outbox.send", send_step, send_over, FILES_ARENA_BYTES};

static char *copy(struct send *s, const struct op *claim, int statement, int row, const char *column)
{
	return arena_str(s->op.arena, pg_get(claim, statement, row, column));
}

static json_t *json_of(struct send *s, const char *text)
{
	json_t *j = NULL;

	if (text != NULL)
		jsonx_load(s->op.arena, (struct bytes){(const uint8_t *)text, strlen(text)}, &j, NULL);
	return j;
}

/* what outbox_claim says of each file */
static void take_files(struct send *s, const json_t *files, const json_t *known_there)
{
	struct arena *a = s->op.arena;
	json_t *j;
	size_t i;

	s->with_files = files != NULL;
	s->files = arena_array(a, struct channel_file, json_array_size(files) + 1);
	json_array_foreach(files, i, j)
	{
		const struct file_type *type = file_type_find(jsonx_str(j, "type"));

		if (!jsonx_bool(j, "stored") || type == NULL) {
			s->unfit = "one of its attachments cannot be sent: see there why";
			continue;
		}
		s->files[s->n_files++] = (struct channel_file){
			.id = jsonx_str(j, "id"),
			.kind = jsonx_str(j, "kind"),
			.name = file_type_name(a, type, jsonx_str(j, "name")),
			.media_type = type->served,
			.n_bytes = jsonx_int(j, "bytes", 0),
			.sha256 = jsonx_str(j, "sha256"),
			.uploaded = jsonx_str(known_there, jsonx_str(j, "id")),
		};
	}
	if (s->with_files && s->n_files == 0 && s->unfit == NULL)
		s->unfit = "its attachments are gone";
}

void outbox_send(const struct op *claim, int statement, int row)
{
	const char *files = pg_get(claim, statement, row, "files");
	struct send *s =
		(struct send *)op_new(claim->srv, files != NULL ? &send_files_kind : &send_kind, sizeof(*s));

	s->contact = pg_get_uuid(claim, statement, row, "contact");
	s->contact_word = copy(s, claim, statement, row, "contact");
	s->inbox = copy(s, claim, statement, row, "inbox");
	s->to_kind = copy(s, claim, statement, row, "to_kind");
	s->to = copy(s, claim, statement, row, "to_value");
	s->text = copy(s, claim, statement, row, "text");
	s->reply_to = copy(s, claim, statement, row, "reply_to");
	s->last_in_us = pg_get_time(claim, statement, row, "last_in");
	s->answers_id = copy(s, claim, statement, row, "answers_id");
	s->reference = copy(s, claim, statement, row, "reference");
	s->is_public = !strcmp(pg_get(claim, statement, row, "visibility"), "public");
	s->is_automatic = pg_get_bool(claim, statement, row, "automatic");
	s->opted_out = pg_get_bool(claim, statement, row, "opted_out");
	s->answers = json_of(s, pg_get(claim, statement, row, "answers"));
	s->template_ = json_of(s, pg_get(claim, statement, row, "template"));
	s->menu = json_of(s, pg_get(claim, statement, row, "menu"));
	s->attempts = (int)pg_get_int(claim, statement, row, "attempts");
	take_files(s, json_of(s, files), json_of(s, pg_get(claim, statement, row, "uploaded")));
	op_start(&s->op);
}
