#include "lib/channel/texting.h"

#include "lib/base/utf8.h"
#include "lib/base/uuid.h"
#include "lib/channel/answers.h"
#include "lib/channel/reading.h"
#include "lib/channel/sending.h"
#include "lib/channel/whatsapp.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 200, MAX_SENDER = 40, MAX_OPT_WORD = 40, WINDOW_HOURS = 24 };
#define HOUR_US (INT64_C(3600) * 1000000)

bool texting_is_whatsapp(const struct inbox *in)
{
	return !strcmp(in->channel, "whatsapp");
}

const char *texting_key(struct arena *a, const char *salt, const char *const *parts)
{
	const char *all = "";

	for (; *parts; parts++)
		all = arena_printf(a, "%s%zu:%s", all, strlen(*parts), *parts);
	return answers_body_key(a, salt, (struct bytes){(const uint8_t *)all, strlen(all)});
}

/* ---- fields ---- */

static void add_json(struct arena *a, struct form *f, const char *name, const struct jsonr *v)
{
	if (f->n_fields == FORM_MAX_FIELDS || (v->type != JSON_STRING && v->type != JSON_INTEGER))
		return;
	f->fields[f->n_fields++] = (struct form_field){
		name,
		v->type == JSON_STRING ? v->text : arena_dup(a, v->source, v->len),
	};
}

static bool read_json(struct arena *a, struct bytes body, struct form *f)
{
	const struct jsonr *root;

	if (jsonr_load(a, body, &root) || root->type != JSON_OBJECT)
		return false;
	jsonr_foreach(root, v)
	{
		if (v->type != JSON_ARRAY)
			add_json(a, f, v->key, v);
		jsonr_foreach(v->type == JSON_ARRAY ? v : NULL, one) add_json(a, f, v->key, one);
	}
	return true;
}

int texting_form(struct arena *a, const struct channel_request *r, struct form *f, struct channel_batch *out)
{
	bool json = r->content_type ? form_is_type(r->content_type, "application/json")
				    : r->body.len && r->body.data[0] == '{';

	memset(f, 0, sizeof *f);
	if (json && read_json(a, r->body, f))
		return 0;
	if (!json && !form_urlencoded(a, r->body, f))
		return 0;
	out->problem = json ? "not JSON as it should be" : "more fields than a post may hold";
	return CHANNEL_UNREADABLE;
}

/* ---- who ---- */

const char *texting_phone(struct arena *a, const char *s)
{
	const char *p = s + (*s == '+' ? 1 : !strncmp(s, "00", 2) ? 2 : 0);
	size_t n = strspn(p, "0123456789");

	if (p[n] || (*p == '0' && p == s))
		return contact_phone(a, s); /* with blanks or dashes, or as Dutch people write it */
	return n >= 7 && n <= 15 && *p != '0' ? arena_printf(a, "+%s", p) : NULL;
}

static const char *without_channel(const char *s)
{
	static const char *const channels[] = {"whatsapp:", "rcs:", "sms:"};

	for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
		if (!strncmp(s, channels[i], strlen(channels[i])))
			return s + strlen(channels[i]);
	}
	return s;
}

void texting_from(struct arena *a, struct contact *c, const char *s)
{
	const char *phone;

	if (!s || !*(s = without_channel(s)))
		return;
	phone = texting_phone(a, s);
	if (whatsapp_is_user_id(s))
		contact_add_address(c, "whatsapp", arena_str(a, s));
	else if (phone)
		contact_add_address(c, "phone", phone);
	else
		contact_add_address(c, "sms",
				    utf8_clean(a, (struct bytes){(const uint8_t *)s, strlen(s)}, MAX_SENDER));
}

void texting_name(struct arena *a, struct contact *c, const char *s)
{
	if (s && *s)
		c->name = utf8_clean(a, (struct bytes){(const uint8_t *)s, strlen(s)}, MAX_NAME);
}

/* ---- what ---- */

/* the whole message, folded, without marks around it. Words that are also an answer to a question ("cancel",
 * "yes") are not in here: the provider tells when it took those as such. source   Twilio's default words
 * (support articles on STOP filtering) less those, and the Dutch ones; read 2026-11-22 */
static const struct {
	const char *word;
	enum contact_opt opt;
} opt_words[] = {
	{"stop", OPT_OUT},        {"stoppen", OPT_OUT},   {"stop sms", OPT_OUT},   {"sms stop", OPT_OUT},
	{"stopall", OPT_OUT},     {"stop all", OPT_OUT},  {"stop alles", OPT_OUT}, {"stop aub", OPT_OUT},
	{"afmelden", OPT_OUT},    {"afmelding", OPT_OUT}, {"meld af", OPT_OUT},    {"uitschrijven", OPT_OUT},
	{"unsubscribe", OPT_OUT}, {"opt out", OPT_OUT},   {"opt-out", OPT_OUT},    {"optout", OPT_OUT},
	{"start", OPT_IN},        {"unstop", OPT_IN},     {"starten", OPT_IN},     {"opt in", OPT_IN},
	{"opt-in", OPT_IN},       {"optin", OPT_IN},      {"sms aan", OPT_IN},
};

static enum contact_opt opt_of(struct arena *a, const char *text)
{
	static const char marks[] = " \t\r\n.,!?;:\"'()*-";
	size_t n = strlen(text);
	const char *word;

	if (n > MAX_OPT_WORD)
		return OPT_NONE;
	text += strspn(text, marks);
	for (n = strlen(text); n && strchr(marks, text[n - 1]); n--)
		;
	word = utf8_fold(a, arena_dup(a, text, n));
	for (size_t i = 0; word && i < sizeof opt_words / sizeof *opt_words; i++) {
		if (!strcmp(opt_words[i].word, word))
			return opt_words[i].opt;
	}
	return OPT_NONE;
}

void texting_keep(struct arena *a, struct contact *c, const char *key, const char *s)
{
	if (!s || !*s)
		return;
	if (!c->fields)
		c->fields = jsonx_own(a, json_object());
	jsonx_put(c->fields, key, s);
}

void texting_opts(struct arena *a, struct contact *c, enum contact_opt opt)
{
	c->kind = KIND_SYSTEM;
	c->opt = opt;
	texting_keep(a, c, "event", opt == OPT_OUT ? "optOut" : "optIn");
}

void texting_says(struct arena *a, const struct inbox *in, struct contact *c, const char *text)
{
	const json_t *wanted = json_object_get(in->settings, "opt_out");
	enum contact_opt opt;

	if (!text || !*text)
		return;
	contact_set_text(a, c, text);
	if (json_is_boolean(wanted) ? !json_is_true(wanted) : texting_is_whatsapp(in))
		return;
	opt = opt_of(a, text);
	if (opt != OPT_NONE)
		texting_opts(a, c, opt);
}

void texting_media(struct arena *a, struct contact *c, const char *url, const char *media_type,
		   const char *name)
{
	reading_attach(a, c, answers_kind(media_type), NULL, url, name && *name ? form_file_name(a, name) : NULL,
		       media_type);
}

/* ---- reports ---- */

enum delivery texting_delivery(const struct texting_status *list, const char *word)
{
	for (; word && list->word; list++) {
		if (!strcmp(list->word, word))
			return list->is;
	}
	return DELIVERY_NONE;
}

struct delivery_report *texting_report(struct arena *a, struct channel_batch *out, const char *id,
				       const char *ours, enum delivery status, int64_t at_us)
{
	struct delivery_report *r = &out->reports[out->n_reports];
	struct uuid u;

	if (ours && !uuid_parse(ours, &u))
		ours = NULL;
	id = reading_id(a, id ? id : ours);
	if (status == DELIVERY_NONE) {
		out->n_ignored++;
		return NULL;
	}
	if (!id) {
		reading_dead(out, "a status without an id");
		return NULL;
	}
	*r = (struct delivery_report){
		.provider_id = id, .our_id = arena_str(a, ours), .status = status, .at_us = at_us};
	out->n_reports++;
	return r;
}

long texting_code(const char *s)
{
	return s && *s && strlen(s) < 10 && strspn(s, "0123456789") == strlen(s) ? strtol(s, NULL, 10) : 0;
}

void texting_failed(struct arena *a, struct delivery_report *r, const char *code, const char *title)
{
	r->error = jsonx_own(a, json_object());
	if (texting_code(code))
		json_object_set_new(r->error, "code", json_integer(texting_code(code)));
	jsonx_put(r->error, "title", title);
}

/* ---- replies ---- */

int texting_check(const struct inbox *in, const struct channel_reply *rep)
{
	bool whatsapp = texting_is_whatsapp(in), by_id;

	if (rep->is_public)
		return REPLY_NOT_PUBLIC;
	by_id = whatsapp && !strcmp(rep->to_kind, "whatsapp");
	if (!rep->to || (by_id ? !whatsapp_is_user_id(rep->to)
			       : strcmp(rep->to_kind, "phone") || rep->to[0] != '+' || !rep->to[1] ||
					 rep->to[1 + strspn(rep->to + 1, "0123456789")]))
		return REPLY_NO_ADDRESS;
	if (rep->template_)
		return whatsapp ? 0 : REPLY_BAD_TEMPLATE;
	if (whatsapp && (!rep->last_in_us || rep->now_us - rep->last_in_us >= WINDOW_HOURS * HOUR_US))
		return REPLY_WINDOW_CLOSED;
	return 0;
}

/* source   3GPP TS 23.038 section 6.2.1: the basic alphabet, and what takes an escape before it */
static const char basic[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
			    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
static const char escaped[] = "\f^{}\\[~]|€";

int texting_parts(const char *text, bool *gsm)
{
	int septets = 0, units = 0;

	*gsm = true;
	while (*text) {
		char one[5] = {*text};
		int n = 1;

		while (n < 4 && (text[n] & 0xc0) == 0x80) {
			one[n] = text[n];
			n++;
		}
		septets += strstr(escaped, one) ? 2 : 1;
		*gsm = *gsm && (strstr(basic, one) || strstr(escaped, one));
		units += n == 4 ? 2 : 1;
		text += n;
	}
	if (*gsm)
		return septets <= 160 ? 1 : (septets + 152) / 153;
	return units <= 70 ? 1 : (units + 66) / 67;
}

int texting_fits(const struct inbox *in, struct channel_send *out, const char *text, int max_parts)
{
	bool gsm;

	if (texting_is_whatsapp(in))
		return sending_fits(out, text, TEXTING_WHATSAPP_CHARACTERS);
	if (!text)
		return REPLY_TOO_LONG;
	if (texting_parts(text, &gsm) <= max_parts)
		return 0;
	out->limit = max_parts * (gsm ? 153 : 67);
	return REPLY_TOO_LONG;
}

const char *texting_hook(struct arena *a, const struct inbox *in, const struct channel_reply *rep)
{
	const char *ours = jsonx_str(in->settings, "public_url");

	return ours ? arena_printf(a, "%s/v1/hooks/%s", ours, in->id) : rep->hook;
}

const char *texting_digits(const char *phone)
{
	return phone + (*phone == '+');
}
