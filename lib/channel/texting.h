/*
 * texting.h - what the providers of SMS, and of WhatsApp by number, have in common
 *
 * An inbox whose channel is "whatsapp" has WhatsApp's rules (the window, templates); any other has those of
 * SMS.
 */
#ifndef LOKET_TEXTING_H
#define LOKET_TEXTING_H

#include "lib/base/jsonr.h"
#include "lib/channel/channel.h"
#include "lib/channel/form.h"

enum { TEXTING_WHATSAPP_CHARACTERS = 4096 };

/* texting_is_whatsapp - is the inbox's channel WhatsApp? */
bool texting_is_whatsapp(const struct inbox *in);
/* texting_key - for a message without an id: digest of the parts, of which NULL ends the list. salt: the
 * provider */
const char *texting_key(struct arena *a, const char *salt, const char *const *parts);

/* texting_form - the fields of a post: urlencoded, or one flat JSON object (a list there is a name that
 * stands there more often). 0, or CHANNEL_UNREADABLE with out->problem */
int texting_form(struct arena *a, const struct channel_request *r, struct form *f, struct channel_batch *out);

/* texting_phone - E.164 from "+31612345678", "0031612345678", "31612345678", "06 12345678"; NULL when it is
 * none */
const char *texting_phone(struct arena *a, const char *s);
/* texting_from - the citizen, as a provider writes it: a number, "whatsapp:" before it or not; a user id of
 * WhatsApp; or else a short number or a name ("sms"), which no reply goes to. Nothing when s is NULL or empty
 */
void texting_from(struct arena *a, struct contact *c, const char *s);
/* texting_name - what the citizen is called, if anything */
void texting_name(struct arena *a, struct contact *c, const char *s);
/* texting_says - the text. By SMS a single STOP or START is a system contact that says so (opt), unless
 * settings.opt_out is false; in WhatsApp only when it is true */
void texting_says(struct arena *a, const struct inbox *in, struct contact *c, const char *text);
/* texting_opts - make it a stop or a start: a system contact */
void texting_opts(struct arena *a, struct contact *c, enum contact_opt opt);
/* texting_keep - fields[key] = s, unless it is NULL or empty */
void texting_keep(struct arena *a, struct contact *c, const char *key, const char *s);
/* texting_media - hang a file at the provider's on the contact, by its URL; it is fetched later */
void texting_media(struct arena *a, struct contact *c, const char *url, const char *media_type,
		   const char *name);

/* a word of the provider's for what became of a message */
struct texting_status {
	const char *word;
	enum delivery is;
};

/* texting_delivery - DELIVERY_NONE for a word that is not in the list, which {NULL} ends */
enum delivery texting_delivery(const struct texting_status *list, const char *word);
/*
 * texting_report - one delivery report, or an ignored one, or a dead letter
 * in       id: the provider's; ours: the contact id we gave along, when it came back; both may be NULL or
 * nonsense returns  the report when it was taken; NULL otherwise
 */
struct delivery_report *texting_report(struct arena *a, struct channel_batch *out, const char *id,
				       const char *ours, enum delivery status, int64_t at_us);
/* texting_failed - why: the provider's code (may be NULL or nonsense), and our words for it: theirs may name
 * the citizen */
void texting_failed(struct arena *a, struct delivery_report *r, const char *code, const char *title);
/* texting_code - a code in decimal digits as a number; 0 when it is none */
long texting_code(const char *s);

/*
 * texting_check - may this reply go, all but its length? 0 or enum reply_outcome
 * A template is for WhatsApp only, and goes at any time; a text there within 24 hours of the citizen's last
 * word.
 */
int texting_check(const struct inbox *in, const struct channel_reply *rep);
/* texting_parts - into how many parts a text by SMS is cut: 160 characters of GSM 03.38 or 70 of UCS-2 in
 * one, 153 or 67 in each of more. *gsm: is it all in that alphabet? source   3GPP TS 23.038 section 6.2.1,
 * TS 23.040 section 9.2.3.24.1; general knowledge, not read again */
int texting_parts(const char *text, bool *gsm);
/* texting_fits - 0, or REPLY_TOO_LONG with out->limit: in WhatsApp its characters, by SMS so many parts */
int texting_fits(const struct inbox *in, struct channel_send *out, const char *text, int max_parts);
/* texting_hook - where the provider reports to: under settings.public_url when the inbox has one; NULL:
 * unknown */
const char *texting_hook(struct arena *a, const struct inbox *in, const struct channel_reply *rep);
/* texting_digits - the number without "+" */
const char *texting_digits(const char *phone);

#endif
