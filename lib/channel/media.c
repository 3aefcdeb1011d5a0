#include "lib/channel/media.h"

#include "lib/base/base64.h"
#include "lib/base/jsonx.h"
#include "lib/channel/sending.h"

#include <string.h>

int media_url(struct arena *a, const char *url, struct channel_media *out)
{
	(void)a;
	if (!sending_is_token(url))
		return MEDIA_IMPOSSIBLE;
	out->url = url;
	out->is_file = true;
	return 0;
}

int media_bearer(struct arena *a, const char *url, const char *token, struct channel_media *out)
{
	if (!sending_is_token(token))
		return MEDIA_IMPOSSIBLE;
	out->headers[0] = arena_printf(a, "Authorization: Bearer %s", token);
	return media_url(a, url, out);
}

int media_basic(struct arena *a, const char *url, const char *user, const char *password, struct channel_media *out)
{
	const char *both;

	if (!sending_is_token(user) || !sending_is_token(password))
		return MEDIA_IMPOSSIBLE;
	both = arena_printf(a, "%s:%s", user, password);
	out->headers[0] = arena_printf(a, "Authorization: Basic %s",
	                               base64_encode(a, (struct bytes){ (const uint8_t *)both, strlen(both) }));
	return media_url(a, url, out);
}

int media_first(struct arena *a, const struct inbox *in, const struct channel_ops *ops, const char *provider_ref,
                struct channel_media *out)
{
	const char *how = jsonx_str(in->settings, "media_auth"), *token = inbox_secret(in, "token", 0);

	if (!provider_ref)
		return MEDIA_IMPOSSIBLE;
	if (ops && ops->media)
		return ops->media(a, in, provider_ref, (struct bytes){ NULL, 0 }, out);
	if (how && !strcmp(how, "bearer"))
		return media_bearer(a, provider_ref, token, out);
	if (how && !strcmp(how, "basic"))
		return media_basic(a, provider_ref, in->account, token, out);
	return media_url(a, provider_ref, out);
}

/* "https://host:port/path" → "host" */
static void add_host_of(json_t *list, const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (host)
		json_array_append_new(list, json_stringn(host + 3, strcspn(host + 3, ":/?#")));
}

json_t *media_hosts(const struct inbox *in, const struct channel_ops *ops)
{
	json_t *list = json_array(), *v;
	size_t i;

	for (int n = 0; ops && ops->media_hosts && ops->media_hosts[n]; n++)
		json_array_append_new(list, json_string(ops->media_hosts[n]));
	add_host_of(list, jsonx_str(in->settings, "base_url"));
	json_array_foreach(jsonx_arr(in->settings, "media_hosts"), i, v)
		if (json_is_string(v) && json_array_size(list) < MEDIA_MAX_HOSTS)
			json_array_append(list, v);
	return list;
}
