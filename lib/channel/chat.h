/* chat.h - what the shapes of the chat channel share: our own, Chatwoot's, Rasa's, and an envelope with "data" */
#ifndef LOKET_CHAT_H
#define LOKET_CHAT_H

#include "lib/channel/channel.h"

/* where we are in a post */
struct chat_post {
	struct arena *a;
	const struct inbox *in;
	const struct channel_request *r;
	struct channel_batch *out;   /* contacts: room for as many as chat.c counted */
	const char *shape;           /* "loket", "chatwoot", …; kept in the fields: replies go out in the same one */
};

/* whose words; id NULL or "": the conversation stands for the visitor */
struct chat_visitor {
	const char *id, *conversation, *name, *email, *phone;
	bool proved;                 /* the site vouches for e-mail address and number: it logged the visitor in */
};

/*
 * chat_add - one more contact, from this visitor, with fields.shape and fields.conversation
 * id       of the message, NULL: made from the Idempotency-Key, else from the body and the minute
 * out      address of the kind "chat"; what a visitor only says about e-mail and number stays in the fields, so
 *          that nobody gets into somebody else's cases with it
 */
struct contact *chat_add(struct chat_post *p, enum contact_kind kind, const char *id, const struct chat_visitor *v);
/* chat_text - as contact_set_text; text may be NULL */
void chat_text(struct chat_post *p, struct contact *c, const char *text);
/* chat_at - provider time: RFC 3339 or seconds since 1970; what is neither is left */
void chat_at(struct contact *c, const json_t *at);
/* chat_attach - a file that is still at the provider; nothing without a URL */
void chat_attach(struct chat_post *p, struct contact *c, const char *kind, const char *url, const char *media_type,
                 const char *name, json_int_t n_bytes);
/* chat_id - text or number as text in the arena; NULL for what is neither, is empty, or has over 200 bytes */
const char *chat_id(struct arena *a, const json_t *obj, const char *key);

/* each reads one post: 0, or CHANNEL_UNREADABLE with out->problem */
int chat_read_chatwoot(struct chat_post *p, const json_t *root);
int chat_read_rasa(struct chat_post *p, const json_t *root);
int chat_read_envelope(struct chat_post *p, const json_t *root);

#endif
