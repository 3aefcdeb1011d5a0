#include "lib/channel/calling.h"

#include "lib/base/jsonx.h"
#include "lib/channel/reading.h"

#include <string.h>
#include <strings.h>

/* the numbers: the letters on the keys spell ANONYMOUS, RESTRICTED, …
 * source   twilio.com/docs/voice: "caller id unknown", general knowledge, not read again */
bool calling_is_hidden(const char *s)
{
	static const char *const hidden[] = {
		"anonymous", "unknown", "private", "restricted", "unavailable", "+266696687", "+7378742833",
		"+2562533", "+8566696", "+86282452253", "+464",
	};

	for (size_t i = 0; s && i < sizeof hidden / sizeof *hidden; i++)
		if (!strcasecmp(s, hidden[i]))
			return true;
	return !s || !*s;
}

/* asking is a sign of life and nothing more, so it is one event however often it is asked */
static const char *event_id(struct arena *a, const struct calling *p)
{
	if (p->kind == CALL_EV_ASK)
		return "ask";
	if (p->id)
		return arena_printf(a, "their:%s", p->id);
	return arena_printf(a, "%s:%lld:%s:%s", call_event_kind_name(p->kind), (long long)p->at_us, p->key ? p->key : "",
	                    p->agent ? p->agent : "");
}

/* hidden numbers are nobody we know: then the call itself is the address */
static void add_caller(struct arena *a, struct contact *c, const struct calling *p)
{
	const char *phone = calling_is_hidden(p->from) ? NULL : contact_phone(a, p->from);

	contact_add_address(c, phone ? "phone" : "call", phone ? phone : p->call);
}

int calling_add(struct arena *a, const struct channel_request *r, const struct calling *p, struct channel_batch *out)
{
	struct contact *c = arena_new_of(a, struct contact);
	struct call_event *e = arena_new_of(a, struct call_event);

	if (p->kind == CALL_EV_KEY && (!p->key || strlen(p->key) != 1 || !strchr("0123456789*#", *p->key)))
		return reading_refuse(out, "a key that no telephone has");
	c->kind = KIND_CALL;
	c->provider_id = p->call;
	c->provider_time_us = p->at_us;
	c->language = p->language;
	c->fields = jsonx_own(a, json_object());
	reading_put(a, c, "to", p->to);
	add_caller(a, c, p);
	if (p->kind == CALL_EV_KEY && *p->key == '0')
		c->flags |= FLAG_OPTION0;
	*e = (struct call_event){ .kind = p->kind, .event_id = event_id(a, p), .at_us = p->at_us ? p->at_us : r->now_us,
		.key = p->kind == CALL_EV_KEY ? p->key : NULL, .agent = p->agent, .reason = p->reason };
	out->contacts = c;
	out->n_contacts = 1;
	out->calls = e;
	out->n_calls = 1;
	return 0;
}
