#include "lib/channel/channel.h"

#include <string.h>

#ifndef CHANNELS                             /* a test has a list of its own */
#define CHANNELS "lib/channel/channels.def"
#endif

#define CHANNEL(name) extern const struct channel_ops channel_##name;
#include CHANNELS
#undef CHANNEL

/* switching on is configuration, not building */
static const struct channel_ops *const channels[] = {
#define CHANNEL(name) &channel_##name,
#include CHANNELS
#undef CHANNEL
};

const struct channel_ops *channel_at(int i)
{
	return i >= 0 && (size_t)i < sizeof channels / sizeof *channels ? channels[i] : NULL;
}

const struct channel_ops *channel_find(const char *name)
{
	for (int i = 0; channel_at(i); i++) {
		if (!strcmp(channels[i]->name, name))
			return channels[i];
	}
	return NULL;
}

const struct inbox_secret *inbox_secret_at(const struct inbox *in, const char *kind, int n)
{
	for (int i = 0; i < in->n_secrets; i++) {
		/* an empty secret is no secret: everybody could sign with it */
		if (!strcmp(in->secrets[i].kind, kind) && in->secrets[i].value[0] && n-- == 0)
			return &in->secrets[i];
	}
	return NULL;
}

const char *inbox_secret(const struct inbox *in, const char *kind, int n)
{
	const struct inbox_secret *s = inbox_secret_at(in, kind, n);

	return s ? s->value : NULL;
}
