/* mastodon.h - what the parts of the Mastodon channel know of each other: notifications, activities, answers */
#ifndef LOKET_MASTODON_H
#define LOKET_MASTODON_H

#include "lib/channel/channel.h"

/* mastodon_account - "name@host" in lower case, of a handle with or without "@" before it; host when it names none */
const char *mastodon_account(struct arena *a, const char *handle, const char *host);
/* mastodon_is_ours - is this our own account? */
bool mastodon_is_ours(struct arena *a, const struct inbox *in, const char *account);
/* mastodon_content - the text of HTML, and the warning before it */
void mastodon_content(struct arena *a, struct contact *c, const char *html, const char *warning);
/* mastodon_activity - (mastodon_activity.c) one activity as servers send them to each other. As parse */
int mastodon_activity(struct arena *a, const struct inbox *in, const json_t *activity, struct channel_batch *out);

#endif
