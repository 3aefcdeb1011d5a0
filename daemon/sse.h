/*
 * sse.h - event streams: notices to whoever may see them
 *
 * Heartbeat comment every 15 s, resume by Last-Event-ID (from PostgreSQL; at least once: an event may
 * come twice after a resume, its id tells), slow readers are cut off and come back.
 */
#ifndef LOKET_SSE_H
#define LOKET_SSE_H

#include "daemon/http.h"
#include "lib/core/notice.h"

struct sse;
struct sse *sse_new(struct server *srv, int max_streams);
struct sse *sse_free(struct sse *s);

/* sse_open - turn an exchange into a stream for p (copied); replays what was missed after last_id (0: none) */
void sse_open(struct sse *s, struct http_x *x, const struct principal *p, int64_t last_id);
/* sse_publish - give n to every stream that may see it (notice_for). Copies; n stays the caller's.
 * Call it after the commit. Thousands of streams are served in slices */
void sse_publish(struct sse *s, const struct notice *n);
/* sse_check_tokens - set-up changed: end the streams whose token was revoked or whose agent was switched off */
void sse_check_tokens(struct sse *s);
/* sse_agent_online - does this agent have a stream open? */
bool sse_agent_online(const struct sse *s, struct agent_id a);
int sse_count(const struct sse *s);
/* sse_goodbye - "event: bye", then end all streams, for a clean stop. They come back within SSE_BACK_MS, each at a moment of its
 * own, with Last-Event-ID, at another instance or the next process. Who opens one here after that hears the same */
void sse_goodbye(struct sse *s);

#endif
