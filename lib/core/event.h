/*
 * event.h - what other systems are told by a webhook: a notice as a CloudEvent, signed, and when it is tried again
 *
 * A notice (notice.h) with a notice_about goes out. Its type is EVENT_PREFIX, the name of its kind, and where its payload
 * has an "event" that too: nl.klantcontacten.case.changed.resolve. A subscription to a type has everything below it.
 * source: CloudEvents 1.0.1, JSON format; NL GOV profile for CloudEvents (Logius), read 2026-11-22; Standard Webhooks
 */
#ifndef LOKET_EVENT_H
#define LOKET_EVENT_H

#include "lib/base/arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENT_PREFIX "nl.klantcontacten."

enum {
	EVENT_SECRET_MIN = 24, EVENT_SECRET_MAX = 64,     /* bytes behind its base64 */
	EVENT_ID = 48,
	EVENT_TYPE_MAX = 100,
	EVENT_RETRY_AFTER_MAX_S = 3600,
	EVENT_FAILING_MAX_S = 3 * 86400,                  /* so long without success, then a subscription is disabled */
};

struct event {
	int64_t notice, at_us;
	const char *source, *type, *municipality;
	const char *subject;          /* id of what it is about; NULL: none */
	const char *dataref;          /* where the rest can be asked; NULL: nowhere */
	const json_t *payload;        /* of the notice */
};

/* event_id - the same each time that the event is sent, and for each who gets it; also webhook-id */
void event_id(int64_t notice, int64_t at_us, char out[EVENT_ID]);

/*
 * event_json - the event, structured mode. Of its payload only fields that are known to be no words of a person (parts and
 * values, in event.c)
 * owner    new reference
 */
json_t *event_json(const struct event *e);

/* event_type_known - is it a type of ours, or the beginning of one ("nl.klantcontacten.case")? */
bool event_type_known(const char *type);

/* event_secret_good - base64 of EVENT_SECRET_MIN to EVENT_SECRET_MAX bytes, with "whsec_" before it or not */
bool event_secret_good(struct arena *a, const char *secret);

/*
 * event_signature - "v1,<base64>" of HMAC-SHA256 over "<id>.<seconds>.<body>", with the bytes behind a good secret
 * owner    the arena
 */
const char *event_signature(struct arena *a, const char *secret, const char *id, int64_t unix_s, struct bytes body);

/*
 * event_again_s - seconds until it is tried again
 * in       attempts: how often it was tried, 1 or more; asked_s: what the receiver asked for (Retry-After), else 0;
 *          chance: 0 to 99, so that those that failed together do not come back together
 * returns  -1: not any more
 */
int event_again_s(int attempts, int asked_s, int chance);

#endif
