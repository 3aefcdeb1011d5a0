/*
 * whatsapp_send.c - the WhatsApp Cloud API of Meta: what goes out
 *
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: "send messages", "templates",
 *          "error codes", business-scoped user ids ("to" takes a number, "recipient" a user id);
 *          read 2026-11-21
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
static json_t *message_of(const struct channel_reply *rep)
{
	bool by_phone = !strcmp(rep->to_kind, "phone");
	json_t *m = json_pack("{s:s,s:s}", "messaging_product", "whatsapp", "recipient_type", "individual");

	jsonx_put(m, by_phone ? "to" : "recipient", by_phone ? rep->to + (*rep->to == '+') : rep->to);
	jsonx_put(m, "biz_opaque_callback_data", rep->contact_id);
	if (rep->reply_to)
		json_object_set_new(m, "context", json_pack("{s:s}", "message_id", rep->reply_to));
	jsonx_put(m, "type", rep->template_ ? "template" : "text");
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
	m = message_of(rep);
	if (!m)
		return REPLY_BAD_TEMPLATE;
	memset(out, 0, sizeof *out);
	out->url = arena_printf(a, "%s/%s/messages", sending_base(in, GRAPH_URL), in->account);
	graph_json(a, in, out, m);
	return 0;
}
