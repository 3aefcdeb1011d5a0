#include "lib/channel/sending.h"

#include "lib/base/jsonx.h"

#include <string.h>

enum {
	MAX_ANSWER = 64 * 1024,
	MAX_SENT_ID = 256, /* as of what comes in; a key of an index cannot be of any length */
};

int sending_fits(struct channel_send *out, const char *text, int limit)
{
	int n = 0;

	for (const char *s = text; s && *s; s++)
		n += (*s & 0xc0) != 0x80;
	out->limit = limit;
	return text && n <= limit ? 0 : REPLY_TOO_LONG;
}

static int check_files(const struct channel_files *takes, const struct channel_reply *rep,
		       struct channel_send *out)
{
	int64_t n_bytes = 0;

	if (!rep->n_files)
		return 0;
	if (!takes || rep->is_public || rep->template_)
		return REPLY_NO_FILES;
	out->limit = takes->most;
	if (rep->n_files > takes->most)
		return REPLY_TOO_MANY_FILES;
	for (int i = 0; i < rep->n_files; i++) {
		n_bytes += rep->files[i].n_bytes;
		out->limit = i;
		if (rep->files[i].media_type && takes->takes && !takes->takes(&rep->files[i]))
			return REPLY_BAD_FILE;
	}
	out->limit = (int)takes->max_bytes;
	if (n_bytes > takes->max_bytes)
		return REPLY_FILES_TOO_LARGE;
	return takes->max_characters ? sending_fits(out, rep->text, takes->max_characters) : 0;
}

int sending_compose(struct arena *a, const struct channel_ops *ops, const struct inbox *in,
		    const struct channel_reply *rep, struct channel_send *out)
{
	struct channel_reply with_text = *rep;
	int refused;

	if (!ops || !ops->compose)
		return REPLY_NO_CHANNEL;
	if (rep->n_files && !rep->text)
		with_text.text = "";
	refused = check_files(ops->files, &with_text, out);
	return refused ? refused : ops->compose(a, in, &with_text, out);
}

bool sending_is_token(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++) {
		if (*s < 0x21 || *s > 0x7e)
			return false;
	}
	return true;
}

const char *sending_base(const struct inbox *in, const char *otherwise)
{
	const char *base = jsonx_str(in->settings, "base_url");

	return base ? base : otherwise;
}

void sending_header(struct arena *a, struct channel_send *out, const char *name, const char *value)
{
	enum { MOST = sizeof out->headers / sizeof *out->headers - 1 }; /* a NULL ends them */

	for (int i = 0; i < MOST; i++) {
		if (!out->headers[i]) {
			out->headers[i] = arena_printf(a, "%s: %s", name, value);
			return;
		}
	}
}

void sending_json(struct arena *a, struct channel_send *out, json_t *body)
{
	sending_header(a, out, "Content-Type", "application/json");
	out->body = jsonx_dump(a, body, &out->body_len);
	json_decref(body);
}

void sending_form(struct arena *a, struct channel_send *out, const struct sending_field *fields,
		  const char *field, const struct channel_file *file)
{
	const char *boundary = arena_printf(a, "loket-%s", file->id ? file->id : ""), *head = "", *end;
	size_t head_len, end_len;
	char *body;

	for (; fields->name; fields++)
		if (fields->value)
			head = arena_join(a, head, "--", boundary,
					  "\r\nContent-Disposition: form-data; name=\"", fields->name,
					  "\"\r\n\r\n", fields->value, "\r\n", NULL);
	head = arena_join(a, head, "--", boundary, "\r\nContent-Disposition: form-data; name=\"", field,
			  "\"; filename=\"", file->name, "\"\r\nContent-Type: ",
			  file->media_type ? file->media_type : "application/octet-stream", "\r\n\r\n", NULL);
	end = arena_join(a, "\r\n--", boundary, "--\r\n", NULL);
	head_len = strlen(head);
	end_len = strlen(end);
	out->body_len = head_len + file->content.len + end_len;
	body = arena_alloc(a, out->body_len + 1);
	memcpy(body, head, head_len);
	if (file->content.len)
		memcpy(body + head_len, file->content.data, file->content.len);
	memcpy(body + head_len + file->content.len, end, end_len);
	out->body = body;
	sending_header(a, out, "Content-Type", arena_printf(a, "multipart/form-data; boundary=%s", boundary));
}

enum sent_outcome sending_outcome(struct arena *a, int status, const char **error)
{
	*error = NULL;
	if (status >= 200 && status < 300)
		return SENT_OK;
	*error = status ? arena_printf(a, "HTTP %d", status) : "no answer";
	if (status == 429 || status == 503)
		return SENT_RETRY;
	return status >= 300 && status < 500 ? SENT_FAILED : SENT_UNCERTAIN;
}

enum sent_outcome sending_answer(struct arena *a, int status, struct bytes body, const char *pointer,
				 const char **provider_id, const char **error, json_t **root)
{
	enum sent_outcome outcome = sending_outcome(a, status, error);
	const char *id;

	*provider_id = NULL;
	*root = NULL;
	if (body.len && body.len <= MAX_ANSWER)
		jsonx_load(a, body, root, NULL);
	id = json_string_value(jsonx_at(*root, pointer));
	if (outcome != SENT_OK)
		return outcome;
	if (!id || !*id || strlen(id) > MAX_SENT_ID) {
		*error = "taken under a name we were not told";
		return SENT_UNCERTAIN;
	}
	*provider_id = arena_str(a, id);
	return SENT_OK;
}
