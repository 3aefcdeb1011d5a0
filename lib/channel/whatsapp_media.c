/*
 * whatsapp_media.c - the WhatsApp Cloud API of Meta: where the file of a media id is
 *
 * source   developers.facebook.com/documentation/business-messaging/whatsapp: "media": GET /{media id} gives a URL that
 *          works for five minutes and with the same token only. Read 2026-11-22
 */
#include "lib/channel/whatsapp.h"

#include "lib/base/jsonx.h"
#include "lib/channel/graph.h"
#include "lib/channel/media.h"
#include "lib/channel/sending.h"

#include <string.h>

/* a part of a path of ours: nothing that could lead elsewhere */
static bool is_media_id(const char *s)
{
	return *s && strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") == strlen(s);
}

int whatsapp_media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
                   struct channel_media *out)
{
	const char *token = inbox_secret(in, "token", 0);
	json_t *told = NULL;
	int rc;

	if (!answer.data) {
		if (!is_media_id(provider_ref))
			return MEDIA_IMPOSSIBLE;
		rc = media_bearer(a, arena_printf(a, "%s/%s", sending_base(in, GRAPH_URL), provider_ref), token, out);
		out->is_file = false;
		return rc;
	}
	if (jsonx_load(a, answer, &told, NULL))
		return MEDIA_IMPOSSIBLE;
	return media_bearer(a, jsonx_str(told, "url"), token, out);
}
