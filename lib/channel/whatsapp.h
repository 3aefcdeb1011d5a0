/* whatsapp.h - what the parts of the WhatsApp channel know of each other: post, message, reply */
#ifndef LOKET_WHATSAPP_H
#define LOKET_WHATSAPP_H

#include "lib/base/jsonr.h"
#include "lib/channel/channel.h"

/* where we are in a post */
struct whatsapp_post {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	const struct jsonr *value;   /* of the change at hand */
};

/* whatsapp_read - kind, text, attachments and fields of one message, edit, echo, … */
void whatsapp_read(struct whatsapp_post *p, struct contact *c, const struct jsonr *m);
/* whatsapp_citizen - addresses and name; number and user_id may be NULL, contacts[] tells more */
void whatsapp_citizen(struct whatsapp_post *p, struct contact *c, const char *number, const char *user_id);
/* whatsapp_id - an id of the provider's: as it is or, when too long, not at all: cut ids could be the same */
const char *whatsapp_id(struct whatsapp_post *p, const struct jsonr *obj, const char *key);
/* whatsapp_keep - fields[to] = obj[key], unless it is absent */
void whatsapp_keep(struct whatsapp_post *p, struct contact *c, const char *to, const struct jsonr *obj,
                   const char *key);

/* whatsapp_is_user_id - a business-scoped user id: "NL." or "NL.ENT." and up to 128 letters and digits. s may be
 * NULL */
bool whatsapp_is_user_id(const char *s);

/* as in struct channel_ops; the 24-hour window and the templates are in whatsapp_send.c */
int whatsapp_compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		     struct channel_send *out);
extern const struct channel_files whatsapp_files;
int whatsapp_upload(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		    const struct channel_file *file, struct channel_send *out);
int whatsapp_media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
                   struct channel_media *out);

#endif
