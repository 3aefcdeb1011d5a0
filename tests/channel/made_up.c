/* made_up.c - a provider that does not exist: what adding one takes. One line of text is one message */
#include "lib/channel/channel.h"

#include "lib/channel/proof.h"
#include "lib/channel/sending.h"

#include <string.h>

static int parse(struct arena *a, const struct inbox *in, const struct channel_request *r, struct channel_batch *out)
{
	struct contact *c = arena_new_of(a, struct contact);
	char *from = arena_dup(a, r->body.data, r->body.len), *text = strchr(from, ' ');

	(void)in;
	memset(out, 0, sizeof *out);
	if (!text) {
		out->problem = "no text";
		return CHANNEL_UNREADABLE;
	}
	*text++ = '\0';
	c->provider_id = arena_str(a, r->query);
	contact_add_address(c, "made-up", from);
	contact_set_text(a, c, text);
	out->contacts = c;
	out->n_contacts = 1;
	return 0;
}

static int compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct channel_send *out)
{
	out->url = arena_printf(a, "%s/%s", sending_base(in, "https://made-up.example"), rep->to);
	out->body = rep->text;
	out->body_len = strlen(rep->text);
	return sending_fits(out, rep->text, 100);
}

static enum sent_outcome sent(struct arena *a, int status, struct bytes body, const char **provider_id, const char **error)
{
	*provider_id = arena_dup(a, body.data, body.len);
	return sending_outcome(a, status, error);
}

extern const struct channel_ops channel_made_up;
const struct channel_ops channel_made_up = {
	.name = "made_up", .signed_body = true, .verify = proof_own, .parse = parse, .compose = compose, .sent = sent,
};
