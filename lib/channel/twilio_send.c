/*
 * twilio_send.c - Twilio: what goes out, by SMS and WhatsApp
 *
 * POST {base}/2010-04-01/Accounts/{sid}/Messages.json, a form. The inbox: account is the Account SID,
 * settings.from our number (or settings.messaging_service), secret the auth token that signs what comes in
 * and, unless the inbox has a key with a tokenSecret (an API key of Twilio's) or a token, sends as well.
 *
 * source   twilio.com/docs/messaging/api/message-resource, "content templates", "error codes"; read
 * 2026-11-22. The meaning of a code is in our own words; which ones a retry cures is our judgement
 */
#include "lib/channel/twilio.h"

#include "lib/base/base64.h"
#include "lib/base/url.h"
#include "lib/channel/media.h"
#include "lib/channel/sending.h"
#include "lib/channel/texting.h"

#include <string.h>

enum { MAX_CHARACTERS = 1600 };
#define API_URL "https://api.twilio.com"

/* ---- the request ---- */

/* body&name=value, escaped */
static const char *with(struct arena *a, const char *body, const char *name, const char *value)
{
	return arena_printf(a, "%s%s%s=%s", body, *body ? "&" : "", name, url_encode(a, value));
}

/* {"name": "HX…", "parameters": ["Jan", …]} or {…, "variables": {"1": "Jan"}}; NULL when it is none */
static const char *with_template(struct arena *a, const char *body, const json_t *t)
{
	const char *sid = jsonx_str(t, "name");
	json_t *texts = json_object_get(t, "parameters"), *variables = json_object_get(t, "variables"), *text;
	size_t i;

	if (!sid || strncmp(sid, "HX", 2) != 0 || !sending_is_token(sid) || strlen(sid) > 64 ||
	    (variables && !json_is_object(variables)) || (texts && !json_is_array(texts)))
		return NULL;
	body = with(a, body, "ContentSid", sid);
	if (!variables && texts) {
		variables = jsonx_own(a, json_object());
		json_array_foreach(texts, i, text)
		{
			if (!json_is_string(text))
				return NULL;
			json_object_set(variables, arena_printf(a, "%zu", i + 1), text);
		}
	}
	return variables ? with(a, body, "ContentVariables", jsonx_dump(a, variables, NULL)) : body;
}

/* the account with its token, or an API key with its secret; may be NULL */
static void credentials(const struct inbox *in, const char **user, const char **password)
{
	*user = inbox_secret(in, "key", 0);
	*password = inbox_secret(in, "tokenSecret", 0);
	if (*user && *password)
		return;
	*user = in->account;
	*password = inbox_secret(in, "token", 0);
	if (!*password)
		*password = inbox_secret(in, "secret", 0);
}

static const char *basic(struct arena *a, const struct inbox *in)
{
	const char *user, *password, *both;

	credentials(in, &user, &password);
	if (!sending_is_token(user) || !sending_is_token(password))
		return NULL;
	both = arena_printf(a, "%s:%s", user, password);
	return arena_printf(a, "Basic %s",
			    base64_encode(a, (struct bytes){(const uint8_t *)both, strlen(both)}));
}

static const char *with_from(struct arena *a, const struct inbox *in, const char *body)
{
	const char *service = jsonx_str(in->settings, "messaging_service"),
		   *from = jsonx_str(in->settings, "from");

	if (service)
		return with(a, body, "MessagingServiceSid", service);
	if (!from || !*from)
		return NULL;
	return with(a, body, "From",
		    arena_printf(a, "%s%s",
				 texting_is_whatsapp(in) && strncmp(from, "whatsapp:", 9) ? "whatsapp:" : "",
				 from));
}

static const char *body_of(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			   const char *body)
{
	const char *hook = texting_hook(a, in, rep);

	body = with(a, body, "To",
		    arena_printf(a, "%s%s", texting_is_whatsapp(in) ? "whatsapp:" : "", rep->to));
	if (hook)
		body = with(a, body, "StatusCallback",
			    arena_printf(a, "%s?contact=%s", hook, rep->contact_id));
	return rep->template_ ? with_template(a, body, rep->template_) : with(a, body, "Body", rep->text);
}

int twilio_compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	const char *authorization = basic(a, in), *body = with_from(a, in, "");
	int refused;

	if (!strcmp(in->channel, "phone") || !sending_is_token(in->account) || strchr(in->account, '/') || !authorization || !body)
		return REPLY_NO_CHANNEL;
	refused = texting_check(in, rep);
	if (!refused && !rep->template_)
		refused = sending_fits(out, rep->text, MAX_CHARACTERS);
	if (refused)
		return refused;
	body = body_of(a, in, rep, body);
	if (!body)
		return REPLY_BAD_TEMPLATE;
	memset(out, 0, sizeof *out);
	out->url = arena_printf(a, "%s/2010-04-01/Accounts/%s/Messages.json", sending_base(in, API_URL),
				in->account);
	sending_header(a, out, "Authorization", authorization);
	sending_header(a, out, "Content-Type", "application/x-www-form-urlencoded");
	sending_header(a, out, "Accept", "application/json");
	out->body = body;
	out->body_len = strlen(body);
	return 0;
}

/* ---- the answer ---- */

static const struct meaning {
	long code;
	bool retry;
	const char *text;
} meanings[] = {
	{20003, false, "the account or its token is not accepted"},
	{20404, false, "the account is not there"},
	{20429, true, "too many requests"},
	{21211, false, "no number that messages can go to"},
	{21408, false, "not allowed in this country"},
	{21606, false, "our number cannot send this"},
	{21608, false, "not on the list of this test account"},
	{TWILIO_STOPPED, false, "the recipient asked for no more messages"},
	{21611, true, "too many messages are waiting"},
	{21612, false, "no way from our number to this one"},
	{21614, false, "no mobile number"},
	{21617, false, "the message is too long"},
	{21656, false, "the variables of the template are not accepted"},
	{30001, true, "too many messages are waiting"},
	{30002, false, "the account is suspended"},
	{30003, false, "the telephone cannot be reached"},
	{30004, false, "the message was blocked"},
	{30005, false, "the number is not known"},
	{30006, false, "a land line, or a network without messages"},
	{30007, false, "held back as spam by a network"},
	{30008, false, "not delivered; the network does not say why"},
	{63003, false, "cannot be delivered to this recipient"},
	{63007, false, "our number is not known to this channel"},
	{63016, false, "more than 24 hours since the last message of the citizen"},
	{63018, true, "too many messages"},
	{63024, false, "cannot be delivered to this recipient"},
	{63032, false, "not allowed to this recipient"},
};

static const struct meaning *meaning_of(long code)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (meanings[i].code == code)
			return &meanings[i];
	}
	return NULL;
}

const char *twilio_meaning(long code)
{
	const struct meaning *m = meaning_of(code);

	return m ? m->text : "not delivered";
}

enum sent_outcome twilio_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error)
{
	json_t *root;
	enum sent_outcome outcome = sending_answer(a, status, body, "/sid", provider_id, error, &root);
	json_int_t code = jsonx_int(root, "code", 0);
	const struct meaning *m = meaning_of((long)code);

	if (status < 400 || !code)
		return outcome;
	*error = arena_printf(a, "%lld: %s", (long long)code, m ? m->text : "refused by the provider");
	if (code == TWILIO_STOPPED)
		return SENT_OPTED_OUT;
	/* an error that Twilio itself wrote: the message was not taken */
	if (m)
		return m->retry ? SENT_RETRY : SENT_FAILED;
	return status == 429 || status >= 500 ? SENT_RETRY : SENT_FAILED;
}

int twilio_media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
		 struct channel_media *out)
{
	const char *user, *password;

	if (answer.data)
		return MEDIA_IMPOSSIBLE;
	credentials(in, &user, &password);
	return media_basic(a, provider_ref, user, password, out);
}
