/*
 * whatsapp_send.c - the WhatsApp Cloud API of Meta: what goes out
 *
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: "send messages", "templates",
 *          "interactive lists", "interactive reply buttons", "error codes", business-scoped user ids ("to"
 * takes a number, "recipient" a user id); read 2026-11-21; "media": upload, supported types and their sizes,
 * read 2026-11-22
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/jsonx.h"
#include "lib/channel/graph.h"
#include "lib/channel/sending.h"

#include <string.h>

enum {
	MAX_CHARACTERS = 4096,
	WINDOW_HOURS = 24,
	MAX_TEMPLATE_NAME = 512,
	/* of an interactive message; characters */
	MAX_BUTTONS = 3,
	MAX_BUTTON_TITLE = 20,
	MAX_ROWS = 10,
	MAX_ROW_TITLE = 24,
	MAX_ROW_DESCRIPTION = 72,
	/* of a message with a file */
	MAX_CAPTION = 1024,
	MAX_IMAGE_BYTES = 5000000,
	MAX_FILE_BYTES = 15000000, /* Meta takes 16 MB of a video, and 100 MB of a document */
};
#define HOUR_US (INT64_C(3600) * 1000000)

static bool is_number(const char *s)
{
	return s && *s && strspn(s, "0123456789") == strlen(s);
}

/* texts for {{1}}, {{2}}, … of the template's body, as Meta wants them; NULL when one is no text */
static json_t *body_of(const json_t *texts)
{
	json_t *parameters = json_array(), *text;
	size_t i;

	json_array_foreach(texts, i, text)
	{
		if (!json_is_string(text)) {
			json_decref(parameters);
			return NULL;
		}
		json_array_append_new(parameters, json_pack("{s:s,s:O}", "type", "text", "text", text));
	}
	return json_pack("[{s:s,s:o}]", "type", "body", "parameters", parameters);
}

/* {"name","language": "nl" | {"code": "nl"},"parameters"? | "components"?} as Meta wants it; NULL when it is
 * not one */
static json_t *template_of(const json_t *t)
{
	const char *name = jsonx_str(t, "name"), *language = jsonx_str(t, "language");
	json_t *components = json_object_get(t, "components"), *texts = jsonx_arr(t, "parameters"), *out;
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	if (!language)
		language = jsonx_str(jsonx_obj(t, "language"), "code");
	if (!n || name[n] || n > MAX_TEMPLATE_NAME || !language || !*language || strlen(language) > 10 ||
	    (components && !json_is_array(components)))
		return NULL;
	out = json_pack("{s:s,s:{s:s}}", "name", name, "language", "code", language);
	if (components)
		json_object_set(out, "components", components);
	else if (texts && json_object_set_new(out, "components", body_of(texts)) != 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* the beginning of s, and whether that is all of it */
static bool begins(struct arena *a, const char *s, int max, const char **beginning)
{
	const char *end = s, *last = s;

	for (int n = 0; *end && n < max; n++) {
		last = end++;
		while ((*end & 0xc0) == 0x80)
			end++;
	}
	*beginning = *end ? arena_printf(a, "%.*s…", (int)(last - s), s) : s;
	return !*end;
}

/* owner    the caller; NULL: more of them, or longer ones, than buttons may be */
static json_t *buttons_of(struct arena *a, const json_t *choices)
{
	json_t *buttons = json_array(), *c;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)choices, i, c)
	{
		const char *title;

		if (i == MAX_BUTTONS || !begins(a, jsonx_str(c, "text"), MAX_BUTTON_TITLE, &title)) {
			json_decref(buttons);
			return NULL;
		}
		json_array_append_new(buttons, json_pack("{s:s,s:{s:O,s:s}}", "type", "reply", "reply", "id",
							 json_object_get(c, "id"), "title", title));
	}
	return json_pack("{s:o}", "buttons", buttons);
}

/* what is too long for a title stands whole below it; owner    the caller; NULL: it does not fit there either */
static json_t *list_of(struct arena *a, const json_t *choices, const char *button)
{
	json_t *rows = json_array(), *c;
	size_t i;
	bool fits = begins(a, button, MAX_BUTTON_TITLE, &button) && json_array_size(choices) <= MAX_ROWS;

	json_array_foreach((json_t *)(uintptr_t)choices, i, c)
	{
		const char *title, *description;
		bool whole = begins(a, jsonx_str(c, "text"), MAX_ROW_TITLE, &title);
		json_t *row = json_pack("{s:O,s:s}", "id", json_object_get(c, "id"), "title", title);

		fits &= begins(a, jsonx_str(c, "text"), MAX_ROW_DESCRIPTION, &description);
		if (!whole)
			jsonx_put(row, "description", description);
		json_array_append_new(rows, row);
	}
	if (fits)
		return json_pack("{s:s,s:[{s:s,s:o}]}", "button", button, "sections", "title", button, "rows", rows);
	json_decref(rows);
	return NULL;
}

/* buttons, else a list; NULL: neither can hold it, so that it goes as the text */
static json_t *interactive_of(struct arena *a, const json_t *menu)
{
	const json_t *choices = jsonx_arr(menu, "choices");
	const char *type = "button";
	json_t *action = buttons_of(a, choices);

	if (!action) {
		type = "list";
		action = list_of(a, choices, jsonx_str(menu, "button"));
	}
	if (!action)
		return NULL;
	return json_pack("{s:s,s:{s:O},s:o}", "type", type, "body", "text", json_object_get(menu, "text"), "action",
			 action);
}

/* ---- files: one a message, brought there first */

/* how a message names a file of this kind; NULL: it takes none. Sound has no text with it, so it goes by
 * another way */
static const char *type_of(const char *media_type)
{
	static const struct {
		const char *media_type, *type;
	} types[] = {
		{"image/jpeg", "image"},
		{"image/png", "image"},
		{"video/mp4", "video"},
		{"video/3gpp", "video"},
		{"application/pdf", "document"},
		{"text/plain; charset=utf-8", "document"},
		{"application/msword", "document"},
		{"application/vnd.ms-excel", "document"},
		{"application/vnd.ms-powerpoint", "document"},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document"},
		{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document"},
		{"application/vnd.openxmlformats-officedocument.presentationml.presentation", "document"},
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].media_type, media_type))
			return types[i].type;
	return NULL;
}

static bool takes(const struct channel_file *file)
{
	const char *type = type_of(file->media_type);

	return type && (strcmp(type, "image") != 0 || file->n_bytes <= MAX_IMAGE_BYTES);
}

const struct channel_files whatsapp_files = {
	.most = 1,
	.max_bytes = MAX_FILE_BYTES,
	.max_characters = MAX_CAPTION,
	.takes = takes,
};

int whatsapp_upload(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		    const struct channel_file *file, struct channel_send *out)
{
	struct channel_file plain = *file;

	(void)rep;
	memset(out, 0, sizeof *out);
	plain.media_type = arena_dup(a, file->media_type, strcspn(file->media_type, ";"));
	out->url = arena_printf(a, "%s/%s/media", sending_base(in, GRAPH_URL), in->account);
	graph_prove(a, in, out);
	sending_form(a, out,
		     (const struct sending_field[]){
			     {"messaging_product", "whatsapp"}, {"type", plain.media_type}, {NULL, NULL}},
		     "file", &plain);
	return 0;
}

static void put_file(json_t *message, const char *caption, const struct channel_file *file)
{
	const char *type = file->media_type ? type_of(file->media_type) : NULL;
	json_t *j = json_object();

	type = type ? type : "document"; /* nobody has looked yet: it is only tried */
	jsonx_put(j, "id", file->uploaded ? file->uploaded : "");
	if (*caption)
		jsonx_put(j, "caption", caption);
	if (!strcmp(type, "document"))
		jsonx_put(j, "filename", file->name);
	jsonx_put(message, "type", type);
	json_object_set_new(message, type, j);
}

/* ---- a message */

static int check(const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	bool by_phone = !strcmp(rep->to_kind, "phone"), by_id = !strcmp(rep->to_kind, "whatsapp");

	if (!is_number(in->account) || !sending_is_token(inbox_secret(in, "token", 0)))
		return REPLY_NO_CHANNEL;
	if (rep->is_public)
		return REPLY_NOT_PUBLIC;
	if ((!by_phone && !by_id) || !rep->to || !*rep->to)
		return REPLY_NO_ADDRESS;
	if (by_phone && !is_number(rep->to + (*rep->to == '+')))
		return REPLY_NO_ADDRESS;
	if (rep->template_)
		return 0;
	if (!rep->last_in_us || rep->now_us - rep->last_in_us >= WINDOW_HOURS * HOUR_US)
		return REPLY_WINDOW_CLOSED;
	return sending_fits(out, rep->text, MAX_CHARACTERS);
}

/* owner    the caller drops it; NULL when the template is none */
static json_t *message_of(struct arena *a, const struct channel_reply *rep)
{
	bool by_phone = !strcmp(rep->to_kind, "phone");
	json_t *interactive = rep->menu && !rep->template_ ? interactive_of(a, rep->menu) : NULL;
	json_t *m = json_pack("{s:s,s:s}", "messaging_product", "whatsapp", "recipient_type", "individual");

	jsonx_put(m, by_phone ? "to" : "recipient", by_phone ? rep->to + (*rep->to == '+') : rep->to);
	jsonx_put(m, "biz_opaque_callback_data", rep->contact_id);
	if (rep->reply_to)
		json_object_set_new(m, "context", json_pack("{s:s}", "message_id", rep->reply_to));
	if (rep->n_files) {
		put_file(m, rep->text, &rep->files[0]);
		return m;
	}
	jsonx_put(m, "type", rep->template_ ? "template" : interactive ? "interactive" : "text");
	if (interactive) {
		json_object_set_new(m, "interactive", interactive);
		return m;
	}
	if (!rep->template_) {
		json_object_set_new(m, "text", json_pack("{s:b,s:s}", "preview_url", 0, "body", rep->text));
		return m;
	}
	if (json_object_set_new(m, "template", template_of(rep->template_)) == 0)
		return m;
	json_decref(m);
	return NULL;
}

int whatsapp_compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		     struct channel_send *out)
{
	int refused = check(in, rep, out);
	json_t *m;

	if (refused)
		return refused;
	m = message_of(a, rep);
	if (!m)
		return REPLY_BAD_TEMPLATE;
	memset(out, 0, sizeof *out);
	out->url = arena_printf(a, "%s/%s/messages", sending_base(in, GRAPH_URL), in->account);
	graph_json(a, in, out, m);
	return 0;
}
