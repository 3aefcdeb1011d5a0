#include "lib/channel/email.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/base/when.h"
#include "lib/channel/answers.h"

#include <string.h>
#include <strings.h>

#define DAY_US (INT64_C(86400) * 1000000)

/* ---- message ids ---- */

static bool begins(const char *value, const char *word)
{
	return value && !strncasecmp(value, word, strlen(word));
}

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

const char *email_own_id(struct arena *a, const struct inbox *in, const char *contact_id)
{
	const char *domain = domain_of(in->account);

	return domain ? arena_printf(a, "%s@%s", contact_id, domain) : NULL;
}

static bool is_id(const char *s, size_t n)
{
	if (!n || n > EMAIL_MAX_ID)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	}
	return true;
}

int email_ids(struct arena *a, const char *value, const char **out, int max)
{
	int n = 0;

	for (const char *p = value, *end; p && n < max && (p = strchr(p, '<')); p = end) {
		end = p + 1 + strcspn(p + 1, "<>");
		if (*end == '>' && is_id(p + 1, (size_t)(end - p - 1)))
			out[n++] = arena_dup(a, p + 1, (size_t)(end - p - 1));
	}
	return n;
}

static const char *message_id(struct arena *a, const struct email *m)
{
	const char *value = email_header(m, "Message-ID", 0), *id = NULL;

	if (value && email_ids(a, value, &id, 1))
		return id;
	/* some write it without <> */
	return value && is_id(value, strlen(value)) && !strpbrk(value, "<>") ? value : NULL;
}

/* the contact that a mail of ours carries in its Message-ID, anywhere in text: an id that nobody guesses, of
 * version 7, or 8 when the reply came with an Idempotency-Key; NULL when there is none */
static const char *own_contact(struct arena *a, const struct inbox *in, struct bytes text)
{
	const char *domain = domain_of(in->account);
	const char *mark = domain ? arena_printf(a, "@%s>", domain) : NULL;
	const uint8_t *p = text.data, *end = p + text.len;
	struct uuid id;

	while (mark && p < end && (p = memmem(p, (size_t)(end - p), mark, strlen(mark)))) {
		size_t before = (size_t)(p - text.data);

		if (before >= UUID_TEXT && p[-UUID_TEXT] == '<' && strchr("78", p[-UUID_TEXT + 15])) {
			const char *word = arena_dup(a, p - UUID_TEXT + 1, UUID_TEXT - 1);

			if (uuid_parse(word, &id))
				return word;
		}
		p++;
	}
	return NULL;
}

/* ---- what is no question of a person ---- */

static bool has(const struct email *m, const char *name)
{
	return email_header(m, name, 0) != NULL;
}

static bool is_reply(const struct email *m)
{
	return has(m, "In-Reply-To") || has(m, "References");
}

static bool from_the_mailer(const char *from)
{
	return begins(from, "mailer-daemon@") || begins(from, "postmaster@");
}

/* sent so that no answer can come: by a mailer, or by who answers by itself */
static bool has_empty_path(const struct email *m)
{
	const char *path = email_header(m, "Return-Path", 0);

	return path && !path[strspn(path, "<> \t")];
}

/* why nobody needs to answer this; NULL: a person wrote it
 * source   RFC 3834 (Auto-Submitted), RFC 2919 (List-Id), [MS-OXCMAIL] (X-Auto-Response-Suppress); Precedence and
 *          X-Autoreply by custom; 2026-11-22 */
static const char *automatic(const struct email *m, const struct inbox *in, const char *from)
{
	const char *submitted = email_header(m, "Auto-Submitted", 0), *precedence = email_header(m, "Precedence", 0);
	const char *account = in->account;

	if (m->is_report)
		return "report";
	if (submitted && !begins(submitted, "no"))
		return begins(submitted, "auto-replied") ? "reply" : "generated";
	if (has(m, "X-Autoreply") || has(m, "X-Autorespond") || begins(precedence, "auto_reply"))
		return "reply";
	if (has(m, "List-Id") || begins(precedence, "bulk") || begins(precedence, "junk") || begins(precedence, "list"))
		return "list";
	if (from_the_mailer(from) || has_empty_path(m))
		return "mailer";
	if (from && account && !strcasecmp(from, account))
		return "ourselves";
	/* many programs that people write with say this too: in a first mail it means nothing */
	if (has(m, "X-Auto-Response-Suppress") && !begins(email_header(m, "X-Auto-Response-Suppress", 0), "none") &&
	    is_reply(m))
		return "reply";
	return NULL;
}

/* one that we sent comes back to us */
static bool is_loop(const struct email *m, const struct inbox *in)
{
	const char *value;

	for (int i = 0; in->account && (value = email_header(m, "X-Loop", i)); i++) {
		if (!strcasecmp(value, in->account))
			return true;
	}
	return false;
}

/* ---- what became of ours ---- */

/* of an enhanced status code: their own words may name the recipient
 * source   RFC 3463, IANA's registry of enhanced status codes, 2026-11-22 */
static const char *meaning_of(const char *status)
{
	static const struct {
		const char *code, *text;
	} meanings[] = {
		{ "5.1.", "this address does not exist" },
		{ "5.2.2", "the mailbox is full" },
		{ "5.2.", "the mailbox takes no mail" },
		{ "5.3.4", "the message is too large" },
		{ "5.4.", "the mail server could not be reached" },
		{ "4.", "it could not be delivered in time" },
		{ "5.7.", "refused by a rule of the receiver" },
	};

	for (size_t i = 0; status && i < sizeof meanings / sizeof *meanings; i++) {
		if (!strncmp(status, meanings[i].code, strlen(meanings[i].code)))
			return meanings[i].text;
	}
	return "refused by the receiver";
}

/* a status is digits and dots, whatever stands there */
static const char *status_of(struct arena *a, const struct email *m)
{
	size_t n = m->status ? strspn(m->status, "0123456789.") : 0;

	return n >= 5 && n <= 11 ? arena_dup(a, m->status, n) : NULL;
}

static json_t *bounce_error(struct arena *a, const struct email *m)
{
	const char *status = status_of(a, m);
	json_t *e = jsonx_own(a, json_object());

	jsonx_put(e, "code", status);
	jsonx_put(e, "title", status ? arena_printf(a, "%s: %s", status, meaning_of(status)) : meaning_of(NULL));
	return e;
}

/* DELIVERY_NONE: nothing that moves a message */
static enum delivery report_status(const struct email *m)
{
	if (m->disposition)
		return strcasestr(m->disposition, "displayed") ? DELIVERY_READ : DELIVERY_NONE;
	if (begins(m->action, "delivered"))
		return DELIVERY_DELIVERED;
	/* a mailer that writes no report says it only in words */
	return begins(m->action, "failed") || !m->action ? DELIVERY_FAILED : DELIVERY_NONE;
}

static void take_report(struct arena *a, const struct inbox *in, const struct channel_request *r,
			const struct email *m, const char *contact, struct channel_batch *out)
{
	enum delivery status = report_status(m);

	if (status == DELIVERY_NONE) {
		out->n_ignored = 1;
		return;
	}
	out->reports = arena_new_of(a, struct delivery_report);
	out->reports[0] = (struct delivery_report){
		.provider_id = email_own_id(a, in, contact),
		.our_id = contact,
		.status = status,
		.at_us = r->now_us,
		.error = status == DELIVERY_FAILED ? bounce_error(a, m) : NULL,
	};
	out->n_reports = 1;
}

/* ---- is the sender who it says? Only our own mail server can tell ---- */

/* the words of a result, without comments and quoted strings, which the sender may have chosen */
static char *plain_words(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;
	int depth = 0;
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '\\' && s[1] && (quoted || depth)) {
			s++;
			continue;
		}
		if (*s == '"' && !depth)
			quoted = !quoted;
		else if (*s == '(' && !quoted)
			depth++;
		else if (*s == ')' && depth && !quoted)
			depth--;
		else if (!quoted && !depth)
			*p++ = *s;
	}
	*p = '\0';
	return out;
}

/* does "… property=domain …" stand in one result? */
static bool names_domain(const char *result, const char *property, const char *domain)
{
	const char *p = strcasestr(result, property);
	size_t n = strlen(domain);

	if (!p)
		return false;
	p += strlen(property);
	if (strchr(p, '@') && strcspn(p, "@") < strcspn(p, " \t;"))
		p = strchr(p, '@') + 1;
	return !strncasecmp(p, domain, n) && strchr(" \t;", p[n]);
}

/* RFC 8601: "mx.example; dmarc=pass header.from=example.org; dkim=pass header.d=example.org" */
static bool result_passes(const char *results, const char *domain)
{
	for (const char *p = strchr(results, ';'); p; p = strchr(p, ';')) {
		const char *end;

		p += 1 + strspn(p + 1, " \t");
		end = p + strcspn(p, ";");
		if (begins(p, "dmarc=pass") && names_domain(p, "header.from=", domain) && strcasestr(p, "header.from=") < end)
			return true;
		if (begins(p, "dkim=pass") && names_domain(p, "header.d=", domain) && strcasestr(p, "header.d=") < end)
			return true;
	}
	return false;
}

/* JSON true or false; NULL when no server is named that we would believe */
static json_t *verified(struct arena *a, const struct inbox *in, const struct email *m, const char *from)
{
	const char *server = jsonx_str(in->settings, "authserv_id"), *domain = domain_of(from), *value;

	if (!server || !*server)
		return NULL;
	for (int i = 0; domain && (value = email_header(m, "Authentication-Results", i)); i++) {
		const char *words = plain_words(a, value);
		size_t n = strcspn(words, "; \t");

		/* the server's own stands first; what follows came with the mail */
		if (n == strlen(server) && !strncasecmp(words, server, n))
			return json_boolean(!has(m, "From") || email_header(m, "From", 1) ? false
										   : result_passes(words, domain));
	}
	return json_false();
}

/* ---- what is new in it ---- */

static bool line_is(const char *line, size_t n, const char *word)
{
	return n >= strlen(word) && !strncasecmp(line, word, strlen(word));
}

static bool ends_with(const char *line, size_t n, const char *word)
{
	return n >= strlen(word) && !strncasecmp(line + n - strlen(word), word, strlen(word));
}

/* "Op 21 nov. 2026 om 10:00 schreef …:", which may go on in a second line */
static bool is_attribution(const char *line, size_t n)
{
	const char *next = line + n + (line[n] == '\n');
	size_t m = strcspn(next, "\n");

	while (n && line[n - 1] == ' ')
		n--;
	while (m && next[m - 1] == ' ')
		m--;
	if (line_is(line, n, "Op ") && (memmem(line, n, " schreef ", 9) || memmem(next, m, " schreef", 8)))
		return ends_with(line, n, ":") || ends_with(next, m, ":");
	if (line_is(line, n, "On ") && (ends_with(line, n, "wrote:") || ends_with(next, m, "wrote:")))
		return true;
	return line_is(line, n, "Am ") && memmem(line, n, " schrieb ", 9) && ends_with(line, n, ":");
}

/* what mail programs put above the message they quote whole */
static bool is_separator(const char *line, size_t n)
{
	static const char *const words[] = { "Oorspronkelijk bericht", "Original Message", "Originele bericht",
					     "Urspr\xc3\xbcngliche Nachricht" };
	const char *next = line + n + (line[n] == '\n');
	size_t dashes = strspn(line, "-");

	for (size_t i = 0; dashes > 3 && i < sizeof words / sizeof *words; i++) {
		const char *word = line + dashes + strspn(line + dashes, " ");

		if (!strncasecmp(word, words[i], strlen(words[i])))
			return true;
	}
	return (line_is(line, n, "Van: ") && (begins(next, "Verzonden: ") || begins(next, "Datum: "))) ||
	       (line_is(line, n, "From: ") && (begins(next, "Sent: ") || begins(next, "Date: ")));
}

static bool is_blank(const char *s, size_t n)
{
	return strspn(s, " \t") >= n;
}

/* where the lines of others begin that end a mail; NULL when there are none, or nothing stands above them. A
 * signature may stand below */
static const char *quotation(const char *text)
{
	const char *tail = NULL, *last = NULL, *before = NULL; /* first quoted line at the end; the lines above it */

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		if (last && is_separator(p, n))
			return p;
		if (tail && n < 4 && line_is(p, n, "--"))
			break;
		if (*p == '>') {
			tail = tail ? tail : p;
		} else if (!is_blank(p, n)) {
			tail = NULL;
			before = last;
			last = p;
		}
		p += n + (p[n] == '\n');
	}
	if (!tail)
		return NULL;
	if (before && is_attribution(before, strcspn(before, "\n")) && before[strcspn(before, "\n") - 1] != ':')
		tail = before;
	else if (last && is_attribution(last, strcspn(last, "\n")))
		tail = last;
	return text[strspn(text, " \t\n")] == '>' || text + strspn(text, " \t\n") == tail ? NULL : tail;
}

/* lines end in LF from here on */
static const char *without_cr(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;

	for (; *s; s++) {
		if (*s != '\r')
			*p++ = *s;
	}
	return out;
}

/* an agent reads what is new. The rest is kept beside it; answers between the quoted lines stay where they are */
static void take_text(struct arena *a, const struct email *m, struct contact *c)
{
	const char *text = m->text ? without_cr(a, m->text) : NULL, *rest = text && is_reply(m) ? quotation(text) : NULL;
	size_t n = rest ? (size_t)(rest - text) : text ? strlen(text) : 0;

	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	while (n && strchr(" \t\r\n", *text)) {
		text++;
		n--;
	}
	if (n)
		contact_set_text(a, c, arena_dup(a, text, n));
	if (rest)
		jsonx_put(c->fields, "quoted", utf8_clean(a, (struct bytes){ (const uint8_t *)rest, strlen(rest) }, EMAIL_MAX_QUOTED));
}

/* ---- a contact ---- */

/* "DOR-7K3Q-X2MP" in a subject, as it was given to the citizen */
static const char *reference_in(struct arena *a, const char *subject)
{
	for (const char *p = subject; p && *p; p++) {
		size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), i = n + 1;

		if (!n)
			continue;
		if (n <= 3 && p[n] == '-') {
			i += strspn(p + i, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
			if (i == n + 5 && p[i] == '-' && strspn(p + i + 1, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 4)
				return arena_dup(a, p, n + 10);
		}
		p += n - 1;
	}
	return NULL;
}

static void take_thread(struct arena *a, const struct email *m, struct contact *c)
{
	enum { MOST = 4 * CONTACT_MAX_REFERENCES };
	const char *ids[MOST], *answered = NULL;
	json_t *kept = json_array();
	int n;

	email_ids(a, email_header(m, "In-Reply-To", 0), &answered, 1);
	n = email_ids(a, email_header(m, "References", 0), ids, MOST);
	c->reply_to = answered ? answered : n ? ids[n - 1] : NULL;
	if (c->reply_to)
		c->references[c->n_references++] = c->reply_to;
	for (int i = n - 1; i >= 0 && c->n_references < CONTACT_MAX_REFERENCES; i--) {
		if (strcmp(ids[i], c->reply_to) != 0)
			c->references[c->n_references++] = ids[i];
	}
	for (int i = c->n_references - 1; i >= 0; i--)
		json_array_append_new(kept, json_string(c->references[i]));
	if (json_array_size(kept))
		json_object_set(c->fields, "references", kept);
	json_decref(kept);
}

static void keep_others(struct arena *a, const struct email *m, struct contact *c, const char *header, const char *key)
{
	json_t *list = json_array();
	const char *name, *address;

	for (int i = 0; i < EMAIL_MAX_OTHERS && (address = email_mailbox(a, email_header(m, header, 0), i, &name)); i++)
		json_array_append_new(list, json_string(address));
	if (json_array_size(list))
		json_object_set(c->fields, key, list);
	json_decref(list);
}

static void take_sender(struct arena *a, const struct inbox *in, const struct email *m, struct contact *c)
{
	static const char *const headers[] = { "From", "Sender" };
	const char *address = NULL, *other, *name;

	for (size_t i = 0; i < sizeof headers / sizeof *headers && !address; i++)
		address = email_mailbox(a, email_header(m, headers[i], 0), 0, &c->name);
	contact_add_address(c, "email", address);
	if (!address) /* somebody wrote it, and there is nobody to answer */
		contact_add_address(c, "form", c->provider_id);
	other = email_mailbox(a, email_header(m, "Reply-To", 0), 0, &name);
	if (other && (!address || strcmp(other, address) != 0))
		jsonx_put(c->fields, "replyTo", other);
	if (address)
		json_object_set_new(c->fields, "verified", verified(a, in, m, address));
}

/* one from the future would stand below every answer to it */
static int64_t moment_of(const struct email *m, int64_t now_us)
{
	int64_t at_us = email_moment(email_header(m, "Date", 0));

	return at_us > now_us + DAY_US ? 0 : at_us;
}

static enum contact_kind kind_of(const struct email *m, const struct contact *c, const char *why)
{
	if (why)
		return KIND_SYSTEM;
	if (m->sealed)
		return KIND_UNSUPPORTED;
	return c->text || !c->n_attachments ? KIND_TEXT : KIND_MEDIA;
}

static void take_contact(struct arena *a, const struct inbox *in, const struct channel_request *r,
			 const struct email *m, struct contact *c)
{
	const char *id = message_id(a, m), *subject = email_decoded(a, email_header(m, "Subject", 0), EMAIL_MAX_SUBJECT);
	const char *why;

	c->fields = jsonx_own(a, json_object());
	c->provider_id = m->id ? m->id : id ? id : answers_body_key(a, "email", m->raw);
	c->provider_time_us = moment_of(m, r->now_us);
	jsonx_put(c->fields, "subject", subject && *subject ? subject : NULL);
	jsonx_put(c->fields, "messageId", id);
	take_sender(a, in, m, c);
	keep_others(a, m, c, "To", "to");
	keep_others(a, m, c, "Cc", "cc");
	take_thread(a, m, c);
	take_text(a, m, c);
	for (int i = 0; i < m->n_files; i++)
		answers_attach(a, c, &m->files[i]);
	if (m->n_left_out)
		json_object_set_new(c->fields, "leftOut", json_integer(m->n_left_out));
	jsonx_put(c->fields, "sealed", m->sealed);
	if (!c->text && !c->n_attachments && subject && *subject)
		contact_set_text(a, c, subject);
	c->case_reference = reference_in(a, subject);
	why = automatic(m, in, c->n_from && !strcmp(c->from[0].kind, "email") ? c->from[0].value : NULL);
	jsonx_put(c->fields, "automatic", why);
	c->kind = kind_of(m, c, why);
}

void email_batch(struct arena *a, const struct inbox *in, const struct channel_request *r, const struct email *m,
		 struct channel_batch *out)
{
	const char *name, *from = email_mailbox(a, email_header(m, "From", 0), 0, &name), *own = NULL;

	if (is_loop(m, in)) {
		out->n_ignored = 1;
		return;
	}
	if (m->is_report || from_the_mailer(from))
		own = own_contact(a, in, m->raw);
	if (own) {
		take_report(a, in, r, m, own, out);
		return;
	}
	out->contacts = arena_new_of(a, struct contact);
	take_contact(a, in, r, m, out->contacts);
	out->n_contacts = 1;
}
