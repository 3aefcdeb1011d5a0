/* whatsapp.h - the two halves of the WhatsApp channel: what comes in, what goes out */
#ifndef LOKET_WHATSAPP_H
#define LOKET_WHATSAPP_H

#include "lib/channel/channel.h"

/* as in struct channel_ops; the 24-hour window and the templates are in whatsapp_send.c */
int whatsapp_compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		     struct channel_send *out);
enum sent_outcome whatsapp_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
                                const char **error);

#endif
