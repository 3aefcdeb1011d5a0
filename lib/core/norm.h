/*
 * norm.h - how long a question may wait: by channel, and by what kind of question it is
 *
 * Settings of a municipality, and of its region under them, field by field: {"norms": {"whatsapp": 14400,
 * "whatsapp.report": 86400, "email.formal": 3600}}. What neither says of a kind is as that channel; of a
 * channel, as the channel was set up.
 */
#ifndef LOKET_NORM_H
#define LOKET_NORM_H

#include <jansson.h>
#include <stdbool.h>

enum norm_kind {
	NORM_QUESTION,
	NORM_REPORT, /* of something outside: what lib/core/handling says of the product */
	NORM_FORMAL, /* a complaint, objection or application: the flag */
	N_NORM_KINDS
};

enum { NORM_CHANNEL_BYTES = 40 };

const char *norm_kind_name(enum norm_kind kind);
/*
 * norm_key - is this how a norm is called, "whatsapp" or "whatsapp.report"?
 * out      channel: whether there is one of this name, the caller knows
 */
bool norm_key(const char *key, char channel[NORM_CHANNEL_BYTES]);
/* norm_seconds - as the settings have it; 0: they say nothing of the channel */
int norm_seconds(const json_t *region, const json_t *own, const char *channel, enum norm_kind kind);

#endif
