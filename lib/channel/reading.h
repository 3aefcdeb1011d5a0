/*
 * reading.h - what the channels share when bytes become contacts
 */
#ifndef LOKET_READING_H
#define LOKET_READING_H

#include "lib/channel/channel.h"

enum { READING_MAX_ID = 256, READING_MAX_NAME = 200 };

/* reading_dead - a part that people must look at. why is constant, without personal data */
void reading_dead(struct channel_batch *b, const char *why);
/* reading_refuse - the whole is a dead letter: CHANNEL_UNREADABLE */
int reading_refuse(struct channel_batch *out, const char *why);
/* reading_id - a provider's id: as it is or, when empty or too long, NULL: cut ids could be the same */
const char *reading_id(struct arena *a, const char *s);
/* reading_word - text, or a whole number as text; NULL for what is neither, is empty, or has over max bytes */
const char *reading_word(struct arena *a, const json_t *j, size_t max);
/* reading_label - a name or a type: valid text of at most max bytes; NULL when there is none */
const char *reading_label(struct arena *a, const char *s, size_t max);
/* reading_text - the contact's text, unless there is none */
void reading_text(struct arena *a, struct contact *c, const char *text);
/* reading_keep - fields[to] = value, unless that is NULL or null. Borrows value */
void reading_keep(struct arena *a, struct contact *c, const char *to, json_t *value);
/* reading_put - fields[to] = s, unless s is NULL or empty */
void reading_put(struct arena *a, struct contact *c, const char *to, const char *s);
/*
 * reading_attach - one more file that is still at the provider
 * in       ref: what to fetch it with; id: how the provider calls it, NULL: ref; name, media_type may be NULL
 * returns  it, to be filled further; NULL when ref is none or there are enough
 */
struct contact_attachment *reading_attach(struct arena *a, struct contact *c, const char *kind, const char *id,
					  const char *ref, const char *name, const char *media_type);

#endif
