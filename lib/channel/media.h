/*
 * media.h - how an attachment is fetched, where a channel says nothing of its own
 *
 * The request is run by loketd-fetch: only to hosts of the list, only public addresses, with limits of size and time.
 */
#ifndef LOKET_MEDIA_H
#define LOKET_MEDIA_H

#include "lib/channel/channel.h"

enum { MEDIA_MAX_HOSTS = 24 };

/* media_url - GET url, with nothing; media_bearer, media_basic - with credentials. 0, or MEDIA_IMPOSSIBLE when one is
 * missing or is no token */
int media_url(struct arena *a, const char *url, struct channel_media *out);
int media_bearer(struct arena *a, const char *url, const char *token, struct channel_media *out);
int media_basic(struct arena *a, const char *url, const char *user, const char *password, struct channel_media *out);
/*
 * media_first - the first request for an attachment: the channel's own way, else provider_ref is a URL, fetched as
 * settings.media_auth says: "bearer" (the secret "token"), "basic" (account and the secret "token"), or with nothing
 */
int media_first(struct arena *a, const struct inbox *in, const struct channel_ops *ops, const char *provider_ref,
                struct channel_media *out);
/*
 * media_hosts - where the files of an inbox may be: ops->media_hosts, settings.media_hosts, and the host of
 * settings.base_url
 * returns  array of strings; new reference
 */
json_t *media_hosts(const struct inbox *in, const struct channel_ops *ops);

#endif
