/*
 * twilio_voice.c - Twilio: calls. A post is an event of a call, the answer to it is TwiML
 *
 * A <Gather> stands around whatever is said, so that a key counts before the prompt has ended. Each answer
 * puts a "step" of its own in the URL that Twilio comes back to: the same key told twice is one event.
 * Nothing pressed: <Redirect> comes back, which is the exchange's question. The leg to the agent tells us of
 * itself as a child of the call. Times are those of arrival; nothing is recorded.
 *
 * settings.sip_domain: agents' extensions are SIP users there, not numbers; settings.music: a short clip for
 * who waits
 *
 * source   twilio.com/docs/voice: "TwiML" <Gather>, <Say>, <Play>, <Redirect>, <Dial>, <Number>, <Sip>, and
 * "status callback"; read 2026-11-22. Assumed: the locales of Arabic and Ukrainian, and that the leg's To is
 * as it was dialled
 */
#include "lib/channel/calling.h"
#include "lib/channel/form.h"
#include "lib/channel/reading.h"
#include "lib/channel/twilio.h"

#include "lib/base/jsonx.h"

#include <string.h>

/* ---- what it says ---- */

/* "" counts as absent: Twilio sends every field it knows */
static const char *get(const struct form *f, const char *name)
{
	const char *s = form_get(f, name);

	return s && *s ? s : NULL;
}

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static bool is_over(const char *status)
{
	return is(status, "completed") || is(status, "busy") || is(status, "no-answer") ||
	       is(status, "failed") || is(status, "canceled");
}

/* which answer of ours a key answers; a gather that is not ours: every post is another */
static const char *step_of(struct arena *a, const struct channel_request *r)
{
	struct form *f = arena_new_of(a, struct form);
	struct bytes query = {(const uint8_t *)r->query, strlen(r->query)};
	const char *step = form_urlencoded(a, query, f) ? NULL : get(f, "step");

	if (!step)
		step = r->header(r->ctx, "I-Twilio-Idempotency-Token");
	step = step ? reading_label(a, step, 100) : NULL;
	return step ? step : arena_printf(a, "%lld", (long long)r->now_us);
}

/* one event for each key; a gather of ours has one */
static int add_keys(struct arena *a, const struct channel_request *r, const char *keys, struct calling *post,
		    struct channel_batch *out)
{
	struct call_event *all = arena_array(a, struct call_event, CALL_MAX_KEYS);
	const char *step = step_of(a, r);
	unsigned flags = 0;
	int n = 0;

	if (strlen(keys) > CALL_MAX_KEYS)
		return reading_refuse(out, "more keys than anybody presses");
	for (; keys[n]; n++) {
		post->key = arena_printf(a, "%c", keys[n]);
		post->id = arena_printf(a, "key:%s:%02d", step, n);
		if (calling_add(a, r, post, out))
			return CHANNEL_UNREADABLE;
		flags |= out->contacts->flags;
		all[n] = out->calls[0];
	}
	out->contacts->flags = flags;
	out->calls = all;
	out->n_calls = n;
	return 0;
}

/* the extension that was dialled */
static const char *agent_of(struct arena *a, const struct inbox *in, const char *to)
{
	const char *domain = jsonx_str(in->settings, "sip_domain"), *at = to ? strchr(to, '@') : NULL;

	if (!domain || !at || strncmp(to, "sip:", 4) || strncmp(at + 1, domain, strlen(domain)) != 0)
		return to;
	return arena_dup(a, to + 4, (size_t)(at - to) - 4);
}

/* the leg to the agent; how it ended is told by the <Dial> itself */
static int read_leg(struct arena *a, const struct inbox *in, const struct channel_request *r,
		    const struct form *f, struct channel_batch *out)
{
	const char *status = get(f, "CallStatus"), *leg = reading_id(a, get(f, "CallSid"));
	struct calling post = {.call = reading_id(a, get(f, "ParentCallSid")),
			       .agent = reading_label(a, agent_of(a, in, get(f, "To")), 200)};

	if (!post.call || !leg)
		return reading_refuse(out, "a call without an id");
	if (is(status, "ringing")) {
		post.kind = CALL_EV_OFFERED;
	} else if (is(status, "in-progress")) {
		post.kind = CALL_EV_ANSWERED;
	} else {
		out->n_ignored++;
		return 0;
	}
	post.id = arena_printf(a, "%s:%s", call_event_kind_name(post.kind), leg);
	return calling_add(a, r, &post, out);
}

int twilio_call(struct arena *a, const struct inbox *in, const struct channel_request *r,
		const struct form *f, struct channel_batch *out)
{
	const char *status = get(f, "CallStatus"), *way = get(f, "Direction"),
		   *dial = get(f, "DialCallStatus");
	struct calling post = {.kind = CALL_EV_ASK,
			       .call = reading_id(a, get(f, "CallSid")),
			       .from = reading_label(a, get(f, "From"), 100),
			       .to = reading_label(a, get(f, "To"), 100)};

	if (get(f, "ParentCallSid"))
		return read_leg(a, in, r, f, out);
	if (!post.call)
		return reading_refuse(out, "a call without an id");
	if (way && !strncmp(way, "outbound", 8)) { /* somebody of ours calls: nobody waits for an answer */
		out->n_ignored++;
		return 0;
	}
	if (is_over(status)) {
		post.kind = CALL_EV_ENDED;
		post.id = post.reason = reading_label(a, status, 20);
	} else if (is(dial, "completed") || is(dial, "answered")) {
		post.kind = CALL_EV_ENDED;
		post.id = "hung up";
		post.reason = "the agent hung up";
	} else if (get(f, "Digits")) {
		post.kind = CALL_EV_KEY;
		return add_keys(a, r, get(f, "Digits"), &post, out);
	} else if (is(status, "ringing")) {
		post.kind = CALL_EV_RINGING;
		post.id = "ringing";
	}
	return calling_add(a, r, &post, out);
}

/* ---- what it is told ---- */

/* how a language is called there, and the word before a key */
static const struct spoken {
	const char *language, *locale, *key;
} languages[] = {
	{"nl", "nl-NL", "Toets "}, {"en", "en-GB", "Press "}, {"pl", "pl-PL", "Naciśnij "},
	{"tr", "tr-TR", "Tuş "},   {"ar", "ar-XA", "اضغط "},  {"uk", "uk-UA", "Натисніть "},
};

static struct spoken spoken_in(const char *language)
{
	for (size_t i = 0; language && i < sizeof languages / sizeof *languages; i++)
		if (!strcmp(language, languages[i].language))
			return languages[i];
	return (struct spoken){language, language, ""};
}

/* as text or attribute of XML, where most control characters may not stand at all */
static const char *xml(struct arena *a, const char *s)
{
	static const char *const entities[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};
	char *out = arena_alloc(a, 6 * strlen(s) + 1), *end = out;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		const char *entity = c < sizeof entities / sizeof *entities ? entities[c] : NULL;
		size_t n = entity ? strlen(entity) : 1;
		char plain = *s;

		if (c < ' ' || c == 0x7f)
			plain = ' ';
		memcpy(end, entity ? entity : &plain, n);
		end += n;
	}
	*end = 0;
	return out;
}

/* {"language", "text", "key"?} behind what is there already */
static const char *say(struct arena *a, const char *before, const json_t *what)
{
	struct spoken in = spoken_in(jsonx_str(what, "language"));
	const char *text = jsonx_str(what, "text"), *key = jsonx_str(what, "key");

	if (!text)
		return before;
	if (key)
		text = arena_printf(a, "%s%s: %s.", in.key, key, text);
	return arena_printf(a, "%s<Say%s%s%s>%s</Say>", before, in.locale ? " language=\"" : "",
			    in.locale ? xml(a, in.locale) : "", in.locale ? "\"" : "", xml(a, text));
}

static const char *say_all(struct arena *a, const json_t *next)
{
	static const char *const lists[] = {"say", "choices"};
	const char *said = "";
	json_t *what;
	size_t i;

	for (int k = 0; k < 2; k++)
		json_array_foreach(json_object_get(next, lists[k]), i, what) said = say(a, said, what);
	return said;
}

static const char *hook_of(struct arena *a, const struct inbox *in, const struct channel_request *r)
{
	const char *ours = jsonx_str(in->settings, "public_url");

	return ours ? arena_printf(a, "%s/v1/hooks/%s", ours, in->id)
		    : arena_dup(a, r->url, strcspn(r->url, "?"));
}

static const char *dial(struct arena *a, const struct inbox *in, const char *agent, const char *hook,
			const char *back)
{
	const char *domain = jsonx_str(in->settings, "sip_domain");
	bool is_sip = !strncmp(agent, "sip:", 4) || domain;
	const char *to = !is_sip || strchr(agent, '@') ? agent : arena_printf(a, "sip:%s@%s", agent, domain);

	return arena_printf(
		a,
		"<Dial action=\"%s\"><%s statusCallback=\"%s\" statusCallbackEvent=\"ringing answered\">"
		"%s</%s></Dial>",
		back, is_sip ? "Sip" : "Number", xml(a, hook), xml(a, to), is_sip ? "Sip" : "Number");
}

/* a leg that was not answered: this post is its end, and the next one should not follow at once */
static bool was_dialled(struct arena *a, const struct channel_request *r)
{
	struct form *f = arena_new_of(a, struct form);

	return !form_urlencoded(a, r->body, f) && get(f, "DialCallStatus");
}

static const char *gather(struct arena *a, const struct inbox *in, const json_t *next, const char *said,
			  const char *back)
{
	const char *music = jsonx_str(in->settings, "music"), *what = jsonx_str(next, "do");
	int seconds = (int)jsonx_int(next, "askAgainSeconds", 5);

	if (music && is(what, "wait")) {
		said = arena_printf(a, "%s<Play>%s</Play>", said, xml(a, music));
		seconds = 1;
	}
	return arena_printf(
		a,
		"<Gather numDigits=\"1\" finishOnKey=\"\" timeout=\"%d\" action=\"%s\">%s</Gather>"
		"<Redirect>%s</Redirect>",
		seconds, back, said, back);
}

const char *twilio_call_next(struct arena *a, const struct inbox *in, const struct channel_request *r,
			     const char *next)
{
	json_t *j = NULL;
	const char *hook = hook_of(a, in, r), *agent, *what, *said, *then;
	const char *back = xml(a, arena_printf(a, "%s?step=%lld", hook, (long long)r->now_us));

	if (next)
		jsonx_load(a, (struct bytes){(const uint8_t *)next, strlen(next)}, &j, NULL);
	what = jsonx_str(j, "do");
	agent = jsonx_str(j, "agent");
	said = say_all(a, j);
	if (is(what, "end"))
		then = arena_printf(a, "%s<Hangup/>", said);
	else if (is(what, "connect") && agent)
		then = arena_printf(a, "%s%s%s", said, was_dialled(a, r) ? "<Pause length=\"5\"/>" : "",
				    dial(a, in, agent, hook, back));
	else
		then = gather(a, in, j, said, back);
	return arena_printf(a, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>%s</Response>", then);
}
