/* auth.h - bearer tokens: from the header to a principal. Cached for 5 s, bounded */
#ifndef LOKET_AUTH_H
#define LOKET_AUTH_H

#include "daemon/op.h"
#include "lib/core/access.h"

struct auth;
struct auth *auth_new(struct server *srv);
struct auth *auth_free(struct auth *a);

enum auth_result { AUTH_OK, AUTH_UNKNOWN, AUTH_UNAVAILABLE };
/* auth_check - header: "Bearer …" or NULL. When cached: returns OP_DONE with *result set and *out filled; else
 * OP_WAIT, and the step continues in next_state, where auth_check_end gives the same */
enum op_status auth_check(struct op *op, int next_state, const char *header, struct principal *out,
                          enum auth_result *result);
enum auth_result auth_check_end(struct op *op, struct principal *out);
/* auth_forget - drop the cache (a token was revoked here) */
void auth_forget(struct auth *a);

#endif
