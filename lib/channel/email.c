/*
 * email.c - e-mail: raw mails from the municipality's own mail server, replies by SMTP
 *
 * A mail server pipes each mail to the hook as message/rfc822, with our own signature or bearer (config/mail). The same
 * inbox takes Postmark's JSON. Replies go by SMTP to settings.base_url ("smtps://mail.example.nl", or "smtp://…" with
 * STARTTLS), as settings.user (else the account) with the secret "token" as password; without one no login is done.
 *
 * limits   email.h; a body may be as large as an upload
 * source   RFC 5322, 2045-2049, 3676, 2047, 2231 (by gmime); RFC 3834, 3464, 8098, 8601 in email_read.c; from general
 *          knowledge, 2026-11-22
 */
#include "lib/channel/email.h"

#include "lib/base/jsonx.h"
#include "lib/channel/proof.h"
#include "lib/channel/sending.h"

#include <string.h>

int email_verify(const struct inbox *in, const struct channel_request *r)
{
	return !proof_own(in, r) || !proof_basic(in, r) ? 0 : CHANNEL_REFUSED;
}

/* by its content type, or when that says nothing, by how it begins */
static bool is_json(const struct channel_request *r)
{
	if (form_is_type(r->content_type, "application/json"))
		return true;
	return !form_is_type(r->content_type, "message/rfc822") && r->body.len && r->body.data[0] == '{';
}

int email_parse_any(struct arena *a, const struct inbox *in, const struct channel_request *r,
		    struct channel_batch *out)
{
	struct email *m = arena_new_of(a, struct email);
	int outcome;

	memset(out, 0, sizeof *out);
	outcome = is_json(r) ? postmark_read(a, r, m, out) : email_parse(a, r->body, m);
	if (outcome)
		out->problem = "not a mail as it should be";
	else if (m->n_headers)
		email_batch(a, in, r, m, out);
	return outcome;
}

static bool is_mail_server(const char *url)
{
	return url && (!strncmp(url, "smtp://", 7) || !strncmp(url, "smtps://", 8)) && sending_is_token(url);
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *url = jsonx_str(in->settings, "base_url"), *user = jsonx_str(in->settings, "user");
	int refused = is_mail_server(url) ? email_check(in, rep, out) : REPLY_NO_CHANNEL;
	struct email_reply e;

	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	email_reply(a, in, rep, &e);
	out->url = url;
	out->mail_from = in->account;
	out->mail_to = rep->to;
	out->password = inbox_secret(in, "token", 0);
	out->user = out->password ? (user ? user : in->account) : NULL;
	out->id = e.id;
	out->body = email_write(a, in, rep, &e, &out->body_len);
	return 0;
}

/* status is the last reply code of the mail server: 250 it was taken, 4xx not now, 5xx never */
static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	(void)body;
	*provider_id = NULL;
	*error = NULL;
	if (status >= 200 && status < 300)
		return SENT_OK;
	*error = status ? arena_printf(a, "SMTP %d", status) : "no answer";
	if (status >= 400 && status < 500)
		return SENT_RETRY;
	return status >= 500 ? SENT_FAILED : SENT_UNCERTAIN;
}

const struct channel_ops channel_email = {
	.name = "email",
	.signed_body = true,
	.files_within = true,
	.verify = email_verify,
	.parse = email_parse_any,
	.files = &email_files,
	.compose = compose,
	.sent = sent,
};
