#include "lib/channel/email.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/sending.h"

#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

enum { MAX_CHARACTERS = 30000, MAX_SUBJECT = 200 };

const struct channel_files email_files = {.most = EMAIL_MAX_FILES, .max_bytes = EMAIL_MAX_FILES_BYTES};

int email_check(const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	if (!in->account || !email_is_address(in->account))
		return REPLY_NO_CHANNEL;
	if (rep->is_public)
		return REPLY_NOT_PUBLIC;
	if (strcmp(rep->to_kind, "email") != 0 || !rep->to || !email_is_address(rep->to))
		return REPLY_NO_ADDRESS;
	if (rep->template_)
		return REPLY_BAD_TEMPLATE;
	return sending_fits(out, rep->text, MAX_CHARACTERS);
}

/* "Re: Antw: Vraag [DOR-7K3Q-X2MP]" without what we put there again */
static const char *bare(struct arena *a, const char *subject, const char *reference)
{
	static const char *const answers[] = { "re:", "antw:", "aw:", "betr:" };
	const char *mark = reference ? arena_printf(a, "[%s]", reference) : "", *at;
	size_t skip;

	do {
		skip = strspn(subject, " ");
		for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
			if (!strncasecmp(subject + skip, answers[i], strlen(answers[i])))
				skip += strlen(answers[i]);
		}
		subject += skip;
	} while (skip);
	at = *mark ? strstr(subject, mark) : NULL;
	if (at)
		subject = arena_printf(a, "%.*s%s", (int)(at - subject), subject, at + strlen(mark));
	subject = utf8_clean(a, (struct bytes){ (const uint8_t *)subject, strlen(subject) }, MAX_SUBJECT);
	for (size_t n = strlen(subject); n && subject[n - 1] == ' '; n--)
		((char *)subject)[n - 1] = '\0';
	return subject;
}

static const char *subject_of(struct arena *a, const struct inbox *in, const struct channel_reply *rep)
{
	const char *asked = jsonx_str(rep->answers, "subject");
	const char *subject = bare(a, asked ? asked : "", rep->reference);

	if (!*subject)
		subject = arena_printf(a, "uw bericht aan %s", in->account);
	return rep->reference ? arena_printf(a, "Re: %s [%s]", subject, rep->reference)
			      : arena_printf(a, "Re: %s", subject);
}

/* what stands in a header of ours came from the sender: only what can be an id */
static bool is_id(const char *s)
{
	return sending_is_token(s) && strlen(s) <= EMAIL_MAX_ID && !strpbrk(s, "<>");
}

static const char *references_of(struct arena *a, const json_t *answers, const char *id)
{
	const char *all = "", *one;
	json_t *v;
	size_t i;

	json_array_foreach(jsonx_arr(answers, "references"), i, v) {
		one = json_string_value(v);
		if (one && is_id(one))
			all = arena_printf(a, "%s<%s> ", all, one);
	}
	return arena_printf(a, "%s<%s>", all, id);
}

void email_reply(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct email_reply *out)
{
	const char *id = jsonx_str(rep->answers, "messageId"), *name = jsonx_str(in->settings, "from_name");

	*out = (struct email_reply){
		.from_name = name && *name ? email_decoded(a, name, MAX_SUBJECT) : NULL,
		.subject = subject_of(a, in, rep),
		.id = email_own_id(a, in, rep->contact_id),
	};
	if (id && is_id(id)) {
		out->in_reply_to = arena_printf(a, "<%s>", id);
		out->references = references_of(a, rep->answers, id);
	}
}

static GMimeObject *body_of(const char *text)
{
	GMimeTextPart *part = g_mime_text_part_new_with_subtype("plain");

	g_mime_text_part_set_charset(part, "utf-8");
	g_mime_text_part_set_text(part, text);
	g_mime_part_set_content_encoding((GMimePart *)part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	return (GMimeObject *)part;
}

static GMimeObject *file_part(const struct channel_file *f)
{
	GMimeStream *bytes = g_mime_stream_mem_new_with_buffer(
		f->content.data ? (const char *)f->content.data : "", f->content.len);
	GMimeDataWrapper *content =
		g_mime_data_wrapper_new_with_stream(bytes, GMIME_CONTENT_ENCODING_DEFAULT);
	GMimeContentType *type =
		g_mime_content_type_parse(NULL, f->media_type ? f->media_type : "application/octet-stream");
	GMimePart *part = g_mime_part_new();

	g_mime_object_set_content_type((GMimeObject *)part, type);
	g_mime_object_set_disposition((GMimeObject *)part, "attachment");
	g_mime_part_set_filename(part, f->name);
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
	g_object_unref(type);
	g_object_unref(content);
	g_object_unref(bytes);
	return (GMimeObject *)part;
}

/* the text, and the files behind it. The boundary cannot stand in quoted-printable or base64 (RFC 2045, 6.7)
 */
static GMimeObject *whole_body(struct arena *a, const struct channel_reply *rep)
{
	GMimeObject *text = body_of(rep->text), *file;
	GMimeMultipart *all;

	if (!rep->n_files)
		return text;
	all = g_mime_multipart_new_with_subtype("mixed");
	g_mime_multipart_set_boundary(all, arena_printf(a, "=_%s", rep->contact_id));
	g_mime_multipart_add(all, text);
	g_object_unref(text);
	for (int i = 0; i < rep->n_files; i++) {
		file = file_part(&rep->files[i]);
		g_mime_multipart_add(all, file);
		g_object_unref(file);
	}
	return (GMimeObject *)all;
}

static void set(GMimeMessage *m, const char *name, const char *value)
{
	if (value)
		g_mime_object_set_header((GMimeObject *)m, name, value, NULL);
}

/* lines that end in CRLF, as SMTP wants them, whatever the text had */
static const char *as_lines(struct arena *a, GMimeMessage *m, size_t *len)
{
	GMimeFormatOptions *o = g_mime_format_options_new();
	char *s, *copy;

	g_mime_format_options_set_newline_format(o, GMIME_NEWLINE_FORMAT_DOS);
	s = g_mime_object_to_string((GMimeObject *)m, o);
	*len = strlen(s);
	copy = arena_dup(a, s, *len);
	g_free(s);
	g_mime_format_options_free(o);
	return copy;
}

const char *email_write(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			const struct email_reply *e, size_t *len)
{
	GDateTime *now;
	GMimeMessage *m;
	GMimeObject *body;
	const char *s;

	g_mime_init();
	now = g_date_time_new_from_unix_utc(rep->now_us / WHEN_SECOND_US);
	m = g_mime_message_new(TRUE);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, e->from_name, in->account);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, rep->to);
	g_mime_message_set_subject(m, e->subject, "utf-8");
	g_mime_message_set_date(m, now);
	g_mime_message_set_message_id(m, e->id);
	set(m, "In-Reply-To", e->in_reply_to);
	set(m, "References", e->references);
	set(m, "Auto-Submitted", rep->is_automatic ? "auto-replied" : "no");
	set(m, "X-Loop", in->account);
	body = whole_body(a, rep);
	g_mime_message_set_mime_part(m, body);
	s = as_lines(a, m, len);
	g_object_unref(body);
	g_object_unref(m);
	g_date_time_unref(now);
	return s;
}
