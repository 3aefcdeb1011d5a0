/* identity.h - two parties that turn out to be one person, by proof; people say so over the API (api_merge.c) */
#ifndef LOKET_IDENTITY_H
#define LOKET_IDENTITY_H

#include "lib/core/contact.h"

struct server;

/*
 * identity_proved - these addresses came together in one contact, and who sent it vouches for them: the parties that
 * have them, each vouched for when it got them, become the oldest of them. In the background; if it fails, the next such
 * contact does it
 * in       municipality, from: borrowed, copied
 */
void identity_proved(struct server *srv, const char *municipality, const struct contact_address *from, int n_from);

#endif
