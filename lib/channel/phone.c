/*
 * phone.c - a telephone exchange that tells what happens to its calls, in our own shape
 *
 * {"call", "event", "id"?, "at"?, "from"?, "to"?, "key"?, "agent"?, "reason"?, "language"?}; proto/hooks.md tells it to
 * integrators. Every post is the contact of its call (the first stored is the one) and one event of it.
 *
 * source   ours
 */
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/base/when.h"
#include "lib/channel/answers.h"
#include "lib/channel/calling.h"
#include "lib/channel/proof.h"
#include "lib/channel/reading.h"

#include <string.h>

enum { MAX_ID = 200, MAX_WORD = 100 };

static int64_t time_of(const struct channel_request *r, const json_t *at)
{
	int64_t us = 0;

	if (json_is_string(at) && !when_parse(json_string_value(at), &us))
		when_unix(json_string_value(at), &us);
	/* a clock that is ahead would be the last word for ever */
	return us > 0 && us < r->now_us + WHEN_SECOND_US * 86400 ? us : 0;
}

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct calling post = { 0 };
	json_t *root;
	int kind;

	(void)in;
	memset(out, 0, sizeof *out);
	if (jsonx_load(a, r->body, &root, NULL) || !json_is_object(root))
		return reading_refuse(out, "not JSON as it should be");
	post.call = reading_word(a, json_object_get(root, "call"), MAX_ID);
	if (!post.call)
		return reading_refuse(out, "an event without a call");
	kind = call_event_kind_from(jsonx_str(root, "event"));
	if (kind < 0 || !call_event_is_theirs((enum call_event_kind)kind)) {
		out->n_ignored++;    /* what comes next year */
		return 0;
	}
	post.kind = (enum call_event_kind)kind;
	post.id = reading_word(a, json_object_get(root, "id"), MAX_ID);
	post.at_us = time_of(r, json_object_get(root, "at"));
	post.from = reading_word(a, json_object_get(root, "from"), MAX_WORD);
	post.to = reading_word(a, json_object_get(root, "to"), MAX_WORD);
	post.key = reading_word(a, json_object_get(root, "key"), 1);
	post.agent = reading_word(a, json_object_get(root, "agent"), MAX_ID);
	post.reason = reading_label(a, jsonx_str(root, "reason"), MAX_WORD);
	post.language = answers_language(a, jsonx_str(root, "language"));
	return calling_add(a, r, &post, out);
}

const struct channel_ops channel_phone = {
	.name = "phone", .signed_body = true, .verify = proof_own, .parse = parse,
};
