#include "tests/fuzz/channel_check.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"
#include "lib/core/guard.h"
#include "lib/core/match.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void must(bool b)
{
	if (!b)
		abort();
}

static const char *header(const void *ctx, const char *name)
{
	return ctx && !strcasecmp(name, "Authorization") ? ctx : NULL;
}

static void check_string(const char *s, size_t max)
{
	must(!s || (strlen(s) <= max && utf8_valid((struct bytes){ (const uint8_t *)s, strlen(s) })));
}

void check_words(struct arena *a, const struct contact *c, const struct match_word *words, int n_words)
{
	const struct match_rules *r = match_rules_new(a, words, n_words);
	struct phrase_words w;

	must(phrase_split(a, c->text, &w) == (w.n > 0));
	match_option0(r, &w);
	match_formal(r, &w, NULL);
	must(match_product(a, r, c, &w, NULL, "dordrecht") != NULL);
}

static void check_contact(struct arena *a, const struct contact *c)
{
	must(c->kind < N_KINDS && c->provider_id && *c->provider_id);
	must((c->n_from > 0 || c->kind == KIND_DELETE) && c->n_from <= CONTACT_MAX_ADDRESSES);
	check_string(c->provider_id, 300);
	check_string(c->text, CONTACT_TEXT_BYTES);
	check_string(c->name, 1000);
	check_string(c->reply_to, 300);
	check_string(c->product, 100);
	check_string(c->language, 2);
	for (int i = 0; i < c->n_from; i++) {
		must(c->from[i].kind && c->from[i].value && *c->from[i].value);
		check_string(c->from[i].value, 300);
	}
	must(c->n_attachments <= CONTACT_MAX_ATTACHMENTS);
	for (int i = 0; i < c->n_attachments; i++) {
		check_string(c->attachments[i].name, 300);
		must(!c->attachments[i].content.data || c->attachments[i].content.len == (size_t)c->attachments[i].n_bytes);
		must(!c->attachments[i].name || !strpbrk(c->attachments[i].name, "/\\\r\n") ||
		     !c->attachments[i].content.data);
	}
	must(!c->fields || json_is_object(c->fields));
	if (c->fields)
		jsonx_dump(a, c->fields, NULL);
	check_words(a, c, NULL, 0);
	if (c->text)
		guard_mask(a, c->text);
}

static void check_batch(struct arena *a, const struct channel_batch *b)
{
	must(b->n_contacts >= 0 && b->n_reports >= 0 && b->n_contacts + b->n_reports <= CONTACT_MAX_PER_POST);
	must(b->n_unreadable <= 16 && b->n_ignored >= 0);
	for (int i = 0; i < b->n_contacts; i++)
		check_contact(a, &b->contacts[i]);
	for (int i = 0; i < b->n_reports; i++) {
		must(!b->reports[i].provider_id == !!b->reports[i].until_to.value);
		must(b->reports[i].status >= DELIVERY_SENT && (b->reports[i].provider_id || b->reports[i].at_us));
		check_string(b->reports[i].our_id, 36);
	}
	for (int i = 0; i < b->n_unreadable; i++)
		must(b->unreadable[i].why != NULL);
}

void check_parse(const char *channel, const char *content_type, struct bytes body, bool is_signed)
{
	check_parse_with(channel, "{}", content_type, body, is_signed);
}

void check_parse_with(const char *channel, const char *settings, const char *content_type, struct bytes body, bool is_signed)
{
	struct arena *a = arena_new(256 << 20);
	const struct channel_ops *ops = channel_find(channel);
	struct channel_batch batch;
	struct inbox in = {
		.id = "test", .municipality = "dordrecht", .channel = channel, .settings = jsonx_own(a, json_loads(settings, 0, NULL)),
		.secrets = { { .kind = "secret", .value = "geheim" } }, .n_secrets = 1,
	};
	struct channel_request r = {
		.query = "", .body = body, .content_type = content_type, .header = header,
		.ctx = is_signed ? "Bearer geheim" : NULL, .now_us = INT64_C(1795262400000000),
	};
	int outcome = ops->parse(a, &in, &r, &batch);

	must(outcome == 0 || outcome == CHANNEL_UNREADABLE || outcome == CHANNEL_TOO_LARGE || outcome == CHANNEL_INVALID);
	if (outcome == 0)
		check_batch(a, &batch);
	else if (outcome != CHANNEL_TOO_LARGE)
		must(batch.problem != NULL);
	arena_free(a);
}
