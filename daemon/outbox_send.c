/*
 * outbox_send.c - one reply: compose, send once, record what became of it
 *
 * "sending" was committed before this begins. Whatever comes back is recorded, however long that takes: until
 * then the row says "sending", and when this process dies it becomes "uncertain" (outbox.c). It is sent again
 * only when it certainly did not arrive (P6).
 */
#include "daemon/outbox_send.h"

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

#include <string.h>

enum { SEND_ARENA_BYTES = 8 << 20, BACKOFF_MAX_S = 300, RETRY_AFTER_MAX_S = 3600, RECORD_AGAIN_MS = 1000 };

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
	/* what became of it */
	enum sent_outcome outcome;
	const char *id; /* the one we chose; NULL: none */
	const char *provider_id, *error;
	int retry_after_s;
};

enum send_state { SEND_START, SEND_ANSWERED, SEND_RECORDED, SEND_AGAIN };

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
	case REPLY_NO_CHANNEL:
		break;
	}
	return "the channel cannot be answered";
}

static int compose(struct send *s, struct channel_send *out)
{
	const struct world_inbox *in = world_inbox(world_now(s->op.srv), s->inbox);
	struct channel_reply reply = {
		.contact_id = s->contact_word,
		.to_kind = s->to_kind,
		.to = s->to,
		.text = s->text,
		.template_ = s->template_,
		.menu = s->menu,
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

	if (in == NULL || !in->enabled || in->ops == NULL || in->ops->compose == NULL)
		return REPLY_NO_CHANNEL;
	if (s->opted_out)
		return REPLY_OPTED_OUT;
	s->ops = in->ops;
	return in->ops->compose(s->op.arena, &in->in, &reply, out);
}

/* ---------------------------------------------------------------- what became of it */

static void read_answer(struct send *s)
{
	const struct fetch_reply *f = s->op.fetched;

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

/* ---------------------------------------------------------------- */

static enum op_status fail(struct send *s, const char *error)
{
	s->outcome = SENT_FAILED;
	s->error = error;
	return record(s);
}

static enum op_status send_start(struct send *s)
{
	struct channel_send out = {0};
	int rule = compose(s, &out);

	if (rule != 0)
		return fail(s, compose_error(rule));
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
	(void)how;
	courier_back(op->srv->outbox, ((struct send *)op)->contact);
}

static const struct op_kind send_kind = {"outbox.send", send_step, send_over, SEND_ARENA_BYTES};

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

void outbox_send(const struct op *claim, int statement, int row)
{
	struct send *s = (struct send *)op_new(claim->srv, &send_kind, sizeof(*s));
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
	op_start(&s->op);
}
