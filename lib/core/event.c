/* event.c - a notice as a CloudEvent, signed; see event.h */
#include "lib/core/event.h"

#include "lib/base/base64.h"
#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/notice.h"

#include <stdio.h>
#include <string.h>

/* how long after each attempt that failed: three and a half days, a long weekend, then nobody takes it */
static const int again_s[] = {
	5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600, 16 * 3600, 20 * 3600, 20 * 3600,
};
enum { N_AGAIN = sizeof(again_s) / sizeof(again_s[0]) };

void event_id(int64_t notice, int64_t at_us, char out[EVENT_ID])
{
	snprintf(out, EVENT_ID, "%lld.%lld", (long long)notice, (long long)(at_us / 1000));
}

/* ---------------------------------------------------------------- what is told */

/* what an event is about, and what of that is told: ids, states, counts, moments, and names out of the
 * set-up. What somebody wrote has none of these names */
static const char *const parts[] = {
	"attachment", "callback", "case",   "contact",  "from", "into",     "merged",
	"note",       "post",     "signal", "splitOff", "task", "unmerged", NULL,
};
static const char *const values[] = {
	"attempts",   "area",         "channel", "claimedBy", "count", "deleted", "delivery",
	"department", "edited",       "event",   "expected",  "hours", "id",      "kind",
	"late",       "municipality", "new",     "outcome",   "owner", "party",   "product",
	"promisedAt", "state",        "team",    "theme",     NULL,
};

static bool is_one_of(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static json_t *told_of(const json_t *payload)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)payload, key, v)
	{
		if (json_is_object(v) && is_one_of(parts, key))
			json_object_set_new(out, key, told_of(v));
		else if (!json_is_object(v) && !json_is_array(v) && !json_is_null(v) &&
			 is_one_of(values, key))
			json_object_set(out, key, v);
	}
	return out;
}

json_t *event_json(const struct event *e)
{
	char id[EVENT_ID], at[WHEN_TEXT], sequence[24];
	json_t *data = told_of(e->payload), *out;

	event_id(e->notice, e->at_us, id);
	when_format(e->at_us, at);
	snprintf(sequence, sizeof(sequence), "%019lld", (long long)e->notice);
	json_object_set_new(data, "municipality", json_string(e->municipality));
	out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "specversion", "1.0", "id", id, "source",
			e->source, "type", e->type, "time", at, "sequence", sequence, "datacontenttype",
			"application/json", "data", data);
	jsonx_put(out, "subject", e->subject);
	jsonx_put(out, "dataref", e->dataref);
	return out;
}

bool event_type_known(const char *type)
{
	size_t prefix = strlen(EVENT_PREFIX), n, m;

	if (strncmp(type, EVENT_PREFIX, prefix) != 0)
		return strncmp(type, EVENT_PREFIX, prefix - 1) == 0 && type[prefix - 1] == '\0';
	type += prefix;
	n = strlen(type);
	if (n == 0 || n > EVENT_TYPE_MAX ||
	    strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.") != n)
		return false;
	for (int k = 0; k < N_NOTICE_KINDS; k++) {
		const char *name = notice_name((enum notice_kind)k);

		if (notice_about((enum notice_kind)k) == NULL)
			continue;
		m = strlen(name);
		if (!strncmp(name, type, n) && (name[n] == '.' || name[n] == '\0'))
			return true;
		if (!strncmp(name, type, m) && type[m] == '.' && type[m + 1] != '\0')
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- its signature */

static bool secret_bytes(struct arena *a, const char *secret, struct bytes *out)
{
	if (!strncmp(secret, "whsec_", 6))
		secret += 6;
	return base64_decode(a, secret, strlen(secret), out) && out->len >= EVENT_SECRET_MIN &&
	       out->len <= EVENT_SECRET_MAX;
}

bool event_secret_good(struct arena *a, const char *secret)
{
	struct bytes key;

	return secret_bytes(a, secret, &key);
}

const char *event_signature(struct arena *a, const char *secret, const char *id, int64_t unix_s,
			    struct bytes body)
{
	const char *before = arena_printf(a, "%s.%lld.", id, (long long)unix_s);
	uint8_t mac[SHA256_BYTES];
	struct bytes key;

	if (!secret_bytes(a, secret, &key))
		return NULL;
	hmac_sha256_bytes(key, (struct bytes){(const uint8_t *)before, strlen(before)}, body, mac);
	return arena_printf(a, "v1,%s", base64_encode(a, (struct bytes){mac, sizeof mac}));
}

/* ---------------------------------------------------------------- when again */

int event_again_s(int attempts, int asked_s, int chance)
{
	int wait_s;

	if (attempts > N_AGAIN)
		return -1;
	wait_s = again_s[attempts < 1 ? 0 : attempts - 1];
	wait_s += wait_s * chance / 1000;
	if (asked_s > EVENT_RETRY_AFTER_MAX_S)
		asked_s = EVENT_RETRY_AFTER_MAX_S;
	return wait_s > asked_s ? wait_s : asked_s;
}
