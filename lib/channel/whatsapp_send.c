/*
 * whatsapp_send.c - the WhatsApp Cloud API of Meta: what goes out
 *
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: "send messages", "templates",
 *          "error codes", business-scoped user ids ("to" takes a number, "recipient" a user id);
 *          read 2026-11-21
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/jsonx.h"
#include "lib/channel/sending.h"

#include <string.h>

enum {
	MAX_CHARACTERS = 4096,
	WINDOW_HOURS = 24,
	MAX_TEMPLATE_NAME = 512,
	MAX_ERROR_BODY = 64 * 1024,
	MAX_SENT_ID = 256, /* as of what comes in; a key of an index cannot be of any length */
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
	out->url = arena_printf(a, "%s/%s/messages", sending_base(in, WHATSAPP_GRAPH_URL), in->account);
	sending_header(a, out, "Authorization", arena_printf(a, "Bearer %s", inbox_secret(in, "token", 0)));
	sending_json(a, out, m);
	return 0;
}

/* Their texts may name the recipient: we have our own. What is not here has failed for good. */
static const struct meaning {
	int code;
	bool retry;
	const char *text;
} meanings[] = {
	{1, true, "the provider has a problem"},
	{2, true, "the provider is unavailable"},
	{4, true, "too many calls"},
	{10, false, "no permission"},
	{100, false, "the provider does not accept the request"},
	{190, false, "the access token is not valid any more"},
	{368, false, "the account is blocked for a breach of the rules"},
	{80007, true, "too many calls"},
	{130429, true, "too many messages"},
	{130472, false, "the recipient is part of an experiment"},
	{130497, false, "not allowed in this country"},
	{131000, true, "the provider has a problem"},
	{131005, false, "no permission"},
	{131008, false, "something is missing in the request"},
	{131009, false, "a value is not accepted"},
	{131016, true, "the provider is unavailable"},
	{131021, false, "the recipient is ourselves"},
	{131026, false, "cannot be delivered to this recipient"},
	{131030, false, "the recipient is not on the list of this test account"},
	{131031, false, "the account is locked"},
	{131042, false, "the payment method of the account fails"},
	{131045, false, "the number is not registered"},
	{131047, false, "more than 24 hours since the last message of the citizen"},
	{131048, true, "too many messages were marked as spam"},
	{131049, false, "held back by the provider"},
	{131050, false, "the recipient does not want these messages"},
	{131051, false, "this kind of message is not supported"},
	{131052, true, "media could not be fetched"},
	{131053, false, "media could not be used"},
	{131056, true, "too many messages to this recipient"},
	{131057, true, "the account is in maintenance"},
	{132000, false, "the template has another number of parameters"},
	{132001, false, "the template does not exist in this language"},
	{132005, false, "the template becomes too long"},
	{132007, false, "the template is against the rules"},
	{132012, false, "a parameter of the template has the wrong form"},
	{132015, false, "the template is paused"},
	{132016, false, "the template is switched off"},
	{133004, true, "the provider is unavailable"},
	{133010, false, "the number is not registered"},
};

static const struct meaning *meaning_of(json_int_t code)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (meanings[i].code == code)
			return &meanings[i];
	}
	return NULL;
}

/* an error that Meta itself wrote: the message was not taken */
static enum sent_outcome refusal(struct arena *a, int status, const json_t *e, const char **error)
{
	json_int_t code = jsonx_int(e, "code", 0);
	const struct meaning *m = meaning_of(code);

	*error = arena_printf(a, "%lld: %s", (long long)code, m ? m->text : "refused by the provider");
	if (m)
		return m->retry ? SENT_RETRY : SENT_FAILED;
	return status == 429 || status >= 500 || jsonx_bool(e, "is_transient") ? SENT_RETRY : SENT_FAILED;
}

enum sent_outcome whatsapp_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
				const char **error)
{
	json_t *root = NULL;
	const char *id;

	*provider_id = *error = NULL;
	if (body.len && body.len <= MAX_ERROR_BODY)
		jsonx_load(a, body, &root, NULL);
	id = jsonx_str(json_array_get(jsonx_arr(root, "messages"), 0), "id");
	if (status >= 200 && status < 300 && id && *id && strlen(id) <= MAX_SENT_ID) {
		*provider_id = arena_str(a, id);
		return SENT_OK;
	}
	if (status >= 400 && jsonx_obj(root, "error"))
		return refusal(a, status, jsonx_obj(root, "error"), error);
	if (status >= 200 && status < 300) {
		*error = "taken under a name we were not told";
		return SENT_UNCERTAIN;
	}
	return sending_outcome(a, status, error);
}
