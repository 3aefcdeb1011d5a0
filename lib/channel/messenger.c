/*
 * messenger.c - Messenger: direct messages with a Facebook page
 *
 * meta_message.c reads them, meta_send.c answers; meta.h says why this reads what is public too.
 *
 * source   developers.facebook.com: Messenger Platform, "webhook events" and "Send API"; read 2026-11-22
 */
#include "lib/channel/graph.h"
#include "lib/channel/meta.h"
#include "lib/channel/proof.h"

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r,
		 struct channel_batch *out)
{
	return meta_parse(&meta_page, a, in, r, out);
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out)
{
	return meta_compose(&meta_page, a, in, rep, out);
}

const struct channel_ops channel_messenger = {
	.name = "messenger",
	.signed_body = true,
	.handshake = proof_hub_challenge,
	.verify = proof_hub_signature,
	.parse = parse,
	.compose = compose,
	.sent = graph_sent,
	.media_hosts = meta_hosts,
};
