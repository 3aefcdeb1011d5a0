/*
 * graph.h - the Graph API of Meta: how a request is proved, and what an answer means
 *
 * source   developers.facebook.com: "Send API", "Common error codes" of Messenger and of WhatsApp, "IG
 * comment replies"; read 2026-11-21 and 2026-11-22
 */
#ifndef LOKET_GRAPH_H
#define LOKET_GRAPH_H

#include "lib/channel/channel.h"

#define GRAPH_URL "https://graph.facebook.com/v23.0"

/* graph_prove - the inbox's token as the request's proof */
void graph_prove(struct arena *a, const struct inbox *in, struct channel_send *out);
/* graph_json - body as the request's, with the inbox's token as its proof. body is taken over */
void graph_json(struct arena *a, const struct inbox *in, struct channel_send *out, json_t *body);
/* graph_sent - as channel_ops.sent. *provider_id of what was made; *error in our own words, theirs may name
 * the citizen */
enum sent_outcome graph_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			     const char **error);

#endif
