#include "lib/channel/graph.h"

#include "lib/base/jsonx.h"
#include "lib/channel/sending.h"

#include <string.h>

enum {
	MAX_ERROR_BODY = 64 * 1024,
	MAX_SENT_ID = 256, /* as of what comes in; a key of an index cannot be of any length */
};

void graph_prove(struct arena *a, const struct inbox *in, struct channel_send *out)
{
	sending_header(a, out, "Authorization", arena_printf(a, "Bearer %s", inbox_secret(in, "token", 0)));
}

void graph_json(struct arena *a, const struct inbox *in, struct channel_send *out, json_t *body)
{
	graph_prove(a, in, out);
	sending_json(a, out, body);
}

/* Their texts may name the recipient: we have our own. What is not here has failed for good. */
static const struct meaning {
	int code, subcode; /* subcode 0: any */
	bool retry;
	const char *text;
} meanings[] = {
	{1, 0, true, "the provider has a problem"},
	{2, 0, true, "the provider is unavailable"},
	{4, 0, true, "too many calls"},
	{10, 2018278, false, "too long since the last message of the citizen"},
	{10, 2534022, false, "too long since the last message of the citizen"},
	{10, 0, false, "no permission"},
	{100, 2018001, false, "the recipient is not known"},
	{100, 0, false, "the provider does not accept the request"},
	{190, 0, false, "the access token is not valid any more"},
	{200, 0, false, "no permission"},
	{230, 0, false, "no permission"},
	{368, 0, false, "the account is blocked for a breach of the rules"},
	{551, 0, false, "the recipient cannot be reached now"},
	{613, 0, true, "too many calls"},
	{1200, 0, true, "the provider is unavailable"},
	{10900, 0, false, "answered in private before: that can be done once"},
	{10903, 0, false, "cannot be answered in private"},
	{10904, 0, false, "messages are switched off for the page"},
	{80007, 0, true, "too many calls"},
	{130429, 0, true, "too many messages"},
	{130472, 0, false, "the recipient is part of an experiment"},
	{130497, 0, false, "not allowed in this country"},
	{131000, 0, true, "the provider has a problem"},
	{131005, 0, false, "no permission"},
	{131008, 0, false, "something is missing in the request"},
	{131009, 0, false, "a value is not accepted"},
	{131016, 0, true, "the provider is unavailable"},
	{131021, 0, false, "the recipient is ourselves"},
	{131026, 0, false, "cannot be delivered to this recipient"},
	{131030, 0, false, "the recipient is not on the list of this test account"},
	{131031, 0, false, "the account is locked"},
	{131042, 0, false, "the payment method of the account fails"},
	{131045, 0, false, "the number is not registered"},
	{131047, 0, false, "more than 24 hours since the last message of the citizen"},
	{131048, 0, true, "too many messages were marked as spam"},
	{131049, 0, false, "held back by the provider"},
	{131050, 0, false, "the recipient does not want these messages"},
	{131051, 0, false, "this kind of message is not supported"},
	{131052, 0, true, "media could not be fetched"},
	{131053, 0, false, "media could not be used"},
	{131056, 0, true, "too many messages to this recipient"},
	{131057, 0, true, "the account is in maintenance"},
	{132000, 0, false, "the template has another number of parameters"},
	{132001, 0, false, "the template does not exist in this language"},
	{132005, 0, false, "the template becomes too long"},
	{132007, 0, false, "the template is against the rules"},
	{132012, 0, false, "a parameter of the template has the wrong form"},
	{132015, 0, false, "the template is paused"},
	{132016, 0, false, "the template is switched off"},
	{133004, 0, true, "the provider is unavailable"},
	{133010, 0, false, "the number is not registered"},
};

static const struct meaning *meaning_of(json_int_t code, json_int_t subcode)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (meanings[i].code == code && (!meanings[i].subcode || meanings[i].subcode == subcode))
			return &meanings[i];
	}
	return NULL;
}

/* an error that Meta itself wrote: the message was not taken */
static enum sent_outcome refusal(struct arena *a, int status, const json_t *e, const char **error)
{
	json_int_t code = jsonx_int(e, "code", 0);
	const struct meaning *m = meaning_of(code, jsonx_int(e, "error_subcode", 0));

	*error = arena_printf(a, "%lld: %s", (long long)code, m ? m->text : "refused by the provider");
	if (m)
		return m->retry ? SENT_RETRY : SENT_FAILED;
	return status == 429 || status >= 500 || jsonx_bool(e, "is_transient") ? SENT_RETRY : SENT_FAILED;
}

/* of a WhatsApp message, a direct message, a comment */
static const char *id_of(const json_t *root)
{
	const char *id = jsonx_str(json_array_get(jsonx_arr(root, "messages"), 0), "id");

	if (!id)
		id = jsonx_str(root, "message_id");
	if (!id)
		id = jsonx_str(root, "id");
	return id && *id && strlen(id) <= MAX_SENT_ID ? id : NULL;
}

enum sent_outcome graph_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			     const char **error)
{
	json_t *root = NULL;

	*provider_id = *error = NULL;
	if (body.len && body.len <= MAX_ERROR_BODY)
		jsonx_load(a, body, &root, NULL);
	if (status >= 200 && status < 300 && id_of(root)) {
		*provider_id = arena_str(a, id_of(root));
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
