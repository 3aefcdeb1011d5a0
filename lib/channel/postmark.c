/*
 * postmark.c - Postmark: mails come as JSON, replies go to its API
 *
 * What comes in proves itself by the basic authentication of the webhook's URL. MessageID is Postmark's own id of a
 * mail and stays over its retries; threads go by the Message-ID of the mail itself. RecordType tells what became of a
 * mail of ours, with the id that we gave along in Metadata.
 *
 * source   postmarkapp.com/developer: "inbound webhook", "bounce webhook", "delivery webhook", "email API", "API error
 *          codes"; a real inbound payload was seen, the rest is from general knowledge, 2026-11-22. Assumed: X-PM-KeepID
 *          keeps our Message-ID, ErrorCode 406 is an address that Postmark does not write to any more
 */
#include "lib/channel/email.h"

#include "lib/base/base64.h"
#include "lib/base/html.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/sending.h"

#include <string.h>

enum { MAX_ANSWER = 64 * 1024 };
#define API_URL "https://api.postmarkapp.com"

/* ---- a mail ---- */

static void add_header(struct email *m, const char *name, const char *value)
{
	if (name && value && m->n_headers < EMAIL_MAX_HEADERS)
		m->headers[m->n_headers++] = (struct email_header){ name, value };
}

/* "Naam <adres>", quoted so that a comma in a name is no second address */
static const char *mailbox(struct arena *a, const json_t *full)
{
	const char *address = jsonx_str(full, "Email"), *name = jsonx_str(full, "Name");
	char *quoted, *p;

	if (!address || !name || !*name)
		return address;
	p = quoted = arena_alloc(a, 2 * strlen(name) + 1);
	for (; *name; name++) {
		if (strchr("\"\\", *name))
			*p++ = '\\';
		*p++ = (char)(*name == '\r' || *name == '\n' ? ' ' : *name);
	}
	return arena_printf(a, "\"%s\" <%s>", quoted, address);
}

static const char *line(struct arena *a, const json_t *root, const char *key)
{
	const char *s = jsonx_str(root, key);

	return s ? utf8_clean(a, (struct bytes){ (const uint8_t *)s, strlen(s) }, 4 * CONTACT_TEXT_BYTES) : NULL;
}

/* "Headers" has what stands nowhere else; what the frame says comes first, so it counts */
static void take_headers(struct arena *a, const json_t *root, struct email *m)
{
	const json_t *from = jsonx_obj(root, "FromFull");
	json_t *h;
	size_t i;

	add_header(m, "From", from ? mailbox(a, from) : line(a, root, "From"));
	add_header(m, "To", line(a, root, "To"));
	add_header(m, "Cc", line(a, root, "Cc"));
	add_header(m, "Reply-To", line(a, root, "ReplyTo"));
	add_header(m, "Subject", line(a, root, "Subject"));
	add_header(m, "Date", line(a, root, "Date"));
	json_array_foreach(jsonx_arr(root, "Headers"), i, h) {
		const char *name = jsonx_str(h, "Name");

		if (name && !email_header(m, name, 0))
			add_header(m, name, line(a, h, "Value"));
	}
}

static void take_text(struct arena *a, const json_t *root, struct email *m)
{
	const char *plain = jsonx_str(root, "TextBody"), *html = jsonx_str(root, "HtmlBody");

	if (plain && plain[strspn(plain, " \t\r\n")])
		m->text = utf8_clean(a, (struct bytes){ (const uint8_t *)plain, strnlen(plain, EMAIL_MAX_TEXT) }, EMAIL_MAX_TEXT);
	else if (html && *html)
		m->text = html_text(a, (struct bytes){ (const uint8_t *)html, strnlen(html, EMAIL_MAX_HTML) }, EMAIL_MAX_TEXT);
}

static void take_files(struct arena *a, const json_t *root, struct email *m)
{
	json_t *f;
	size_t i;

	json_array_foreach(jsonx_arr(root, "Attachments"), i, f) {
		const char *content = jsonx_str(f, "Content"), *name = jsonx_str(f, "Name"), *type = jsonx_str(f, "ContentType");
		struct bytes b;

		if (m->n_files == FORM_MAX_FILES || !content || !base64_decode(a, content, strlen(content), &b) ||
		    b.len > FORM_MAX_FILE_BYTES) {
			m->n_left_out++;
			continue;
		}
		m->files[m->n_files++] = (struct form_file){
			"Attachments", form_file_name(a, name ? name : ""),
			type ? utf8_clean(a, (struct bytes){ (const uint8_t *)type, strcspn(type, ";") }, 100) : NULL, b,
		};
	}
}

/* ---- what became of a mail of ours ---- */

/* kinds of bounces after which nothing comes any more; others are answers and changes of subscription */
static bool is_final(const char *type)
{
	static const char *const types[] = { "HardBounce", "SoftBounce", "DnsError", "Unknown", "SpamNotification",
					     "VirusNotification", "BadEmailAddress", "ManuallyDeactivated", "Blocked",
					     "SMTPApiError", "DMARCPolicy", "InboundError" };

	for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
		if (!strcmp(types[i], type))
			return true;
	}
	return false;
}

static void take_report(struct arena *a, const json_t *root, const char *what, struct channel_batch *out)
{
	const char *id = jsonx_str(root, "MessageID"), *at = jsonx_str(root, "DeliveredAt");
	const char *type = jsonx_str(root, "Type"), *ours = jsonx_str(jsonx_obj(root, "Metadata"), "loket");
	bool delivered = !strcmp(what, "Delivery"), failed = !strcmp(what, "Bounce") && is_final(type);
	struct delivery_report *r = arena_new_of(a, struct delivery_report);

	if (!sending_is_token(id) || strlen(id) > EMAIL_MAX_ID || (!delivered && !failed)) {
		out->n_ignored = 1;
		return;
	}
	r->provider_id = id;
	r->our_id = ours && strlen(ours) == 36 ? ours : NULL;
	r->status = delivered ? DELIVERY_DELIVERED : DELIVERY_FAILED;
	at = at ? at : jsonx_str(root, "BouncedAt");
	if (at)
		when_parse(at, &r->at_us);
	if (failed) {
		r->error = jsonx_own(a, json_object());
		jsonx_put(r->error, "code", type);
		jsonx_put(r->error, "title", arena_printf(a, "%s: not delivered", type));
	}
	out->reports = r;
	out->n_reports = 1;
}

int postmark_read(struct arena *a, const struct channel_request *r, struct email *m, struct channel_batch *out)
{
	const char *what, *id;
	json_t *root;

	memset(m, 0, sizeof *m);
	if (jsonx_load(a, r->body, &root, NULL) || !json_is_object(root))
		return CHANNEL_UNREADABLE;
	what = jsonx_str(root, "RecordType");
	if (what && strcmp(what, "Inbound") != 0) {
		take_report(a, root, what, out);
		return 0;
	}
	if (!jsonx_str(root, "From") && !jsonx_obj(root, "FromFull"))
		return CHANNEL_UNREADABLE;
	take_headers(a, root, m);
	take_text(a, root, m);
	take_files(a, root, m);
	id = jsonx_str(root, "MessageID");
	m->id = sending_is_token(id) && strlen(id) <= EMAIL_MAX_ID ? id : NULL;
	m->raw = r->body;
	return m->n_headers ? 0 : CHANNEL_UNREADABLE;
}

/* ---- out ---- */

static void put_header(json_t *list, const char *name, const char *value)
{
	if (value)
		json_array_append_new(list, json_pack("{s:s,s:s}", "Name", name, "Value", value));
}

static json_t *attachments_of(struct arena *a, const struct channel_reply *rep)
{
	json_t *list = json_array();

	for (int i = 0; i < rep->n_files; i++) {
		const struct channel_file *f = &rep->files[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "Name", f->name, "ContentType",
						      f->media_type ? f->media_type : "", "Content",
						      base64_encode(a, f->content)));
	}
	return list;
}

static json_t *message_of(struct arena *a, const struct inbox *in, const struct channel_reply *rep)
{
	const char *stream = jsonx_str(in->settings, "message_stream");
	json_t *headers = json_array(), *m;
	struct email_reply e;

	email_reply(a, in, rep, &e);
	put_header(headers, "Message-ID", arena_printf(a, "<%s>", e.id));
	put_header(headers, "X-PM-KeepID", "true");
	put_header(headers, "In-Reply-To", e.in_reply_to);
	put_header(headers, "References", e.references);
	put_header(headers, "Auto-Submitted", rep->is_automatic ? "auto-replied" : "no");
	put_header(headers, "X-Loop", in->account);
	m = json_pack("{s:s,s:s,s:s,s:o,s:{s:s}}", "To", rep->to, "Subject", e.subject, "TextBody", rep->text, "Headers",
		      headers, "Metadata", "loket", rep->contact_id);
	jsonx_put(m, "From", e.from_name ? mailbox(a, jsonx_own(a, json_pack("{s:s,s:s}", "Email", in->account, "Name",
									      e.from_name)))
					 : in->account);
	jsonx_put(m, "MessageStream", stream);
	if (rep->n_files)
		json_object_set_new(m, "Attachments", attachments_of(a, rep));
	return m;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *token = inbox_secret(in, "token", 0);
	int refused = sending_is_token(token) ? email_check(in, rep, out) : REPLY_NO_CHANNEL;

	if (refused)
		return refused;
	memset(out, 0, sizeof *out);
	out->url = arena_printf(a, "%s/email", sending_base(in, API_URL));
	sending_header(a, out, "X-Postmark-Server-Token", token);
	sending_header(a, out, "Accept", "application/json");
	sending_json(a, out, message_of(a, in, rep));
	return 0;
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	enum sent_outcome o = sending_outcome(a, status, error);
	const char *id;
	json_t *j = NULL;

	*provider_id = NULL;
	if (body.len > MAX_ANSWER || jsonx_load(a, body, &j, NULL) || !json_is_object(j))
		j = NULL;
	id = jsonx_str(j, "MessageID");
	if (o == SENT_OK && j && !jsonx_int(j, "ErrorCode", 0) && sending_is_token(id) && strlen(id) <= EMAIL_MAX_ID) {
		*provider_id = id;
		return SENT_OK;
	}
	if (o == SENT_OK) { /* 200 with an error, or without an id */
		*error = "an answer without an id";
		return j && jsonx_int(j, "ErrorCode", 0) ? SENT_FAILED : SENT_UNCERTAIN;
	}
	if (j && jsonx_int(j, "ErrorCode", 0))
		*error = arena_printf(a, "Postmark %lld%s", (long long)jsonx_int(j, "ErrorCode", 0),
				      jsonx_int(j, "ErrorCode", 0) == 406 ? ": mails to this address came back before" : "");
	return o;
}

const struct channel_ops channel_postmark = {
	.name = "postmark",
	.signed_body = true,
	.files_within = true,
	.verify = email_verify,
	.parse = email_parse_any,
	.files = &email_files,
	.compose = compose,
	.sent = sent,
};
