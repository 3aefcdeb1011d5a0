/* chat_shapes.c - chats of others: Chatwoot's webhooks, Rasa's REST and callback channels, events with "data" */
#include "lib/channel/chat.h"

#include "lib/base/jsonx.h"
#include "lib/channel/answers.h"
#include "lib/channel/reading.h"

#include <string.h>

static int ignore(struct chat_post *p)
{
	p->out->n_ignored++;
	return 0;
}

/* ---------------------------------------------------------------- Chatwoot */

static void chatwoot_files(struct chat_post *p, struct contact *c, const json_t *list)
{
	json_t *f;
	size_t i;

	json_array_foreach(list, i, f) {
		const char *type = jsonx_str(f, "file_type");
		bool known = type && (!strcmp(type, "image") || !strcmp(type, "audio") || !strcmp(type, "video"));

		chat_attach(p, c, known ? arena_str(p->a, type) : "file", jsonx_str(f, "data_url"), NULL, NULL,
		            jsonx_int(f, "file_size", -1));
	}
}

/* "incoming", "outgoing", "activity", "template", or the numbers 0 to 3 of the same */
static bool is_type(const json_t *root, const char *name, int number)
{
	const json_t *t = json_object_get(root, "message_type");

	return json_is_string(t) ? !strcmp(json_string_value(t), name) : json_is_integer(t) && json_integer_value(t) == number;
}

/* updates tell of states, of e-mail addresses filled in, of marks; only taking back says something about the words */
static int chatwoot_updated(struct chat_post *p, const json_t *root, const struct chat_visitor *v, const char *id)
{
	struct contact *c;

	if (!jsonx_bool(jsonx_obj(root, "content_attributes"), "deleted"))
		return ignore(p);
	c = chat_add(p, KIND_DELETE, arena_printf(p->a, "%s:deleted", id), v);
	c->reply_to = id;
	return 0;
}

int chat_read_chatwoot(struct chat_post *p, const json_t *root)
{
	const char *event = jsonx_str(root, "event"), *id = chat_id(p->a, root, "id");
	const json_t *conversation = jsonx_obj(root, "conversation"), *sender = jsonx_obj(root, "sender");
	const json_t *meta = jsonx_obj(jsonx_obj(conversation, "meta"), "sender");
	const json_t *attributes = jsonx_obj(conversation, "additional_attributes");
	bool updated = !strcmp(event, "message_updated"), in = is_type(root, "incoming", 0), sent = is_type(root, "outgoing", 1);
	const json_t *visitor = in ? sender : meta;   /* of what goes out the sender is an agent or a bot */
	struct chat_visitor v = {
		.id = chat_id(p->a, visitor, "id"), .conversation = chat_id(p->a, conversation, "id"), .name = jsonx_str(visitor, "name"),
		.email = jsonx_str(meta, "email"), .phone = jsonx_str(meta, "phone_number"),
		.proved = jsonx_bool(jsonx_obj(conversation, "contact_inbox"), "hmac_verified"),
	};
	struct contact *c;

	if (!updated && strcmp(event, "message_created") != 0)
		return ignore(p);
	/* notes among agents, activity lines, and what we sent ourselves */
	if (jsonx_bool(root, "private") || (!in && !sent) || jsonx_str(jsonx_obj(root, "content_attributes"), "loket"))
		return ignore(p);
	if (!id || !v.conversation)
		return reading_refuse(p->out, "a Chatwoot message without id or conversation");
	if (updated)
		return chatwoot_updated(p, root, &v, id);
	c = chat_add(p, KIND_TEXT, id, &v);
	chat_text(p, c, jsonx_str(root, "content"));
	chat_at(c, json_object_get(root, "created_at"));
	chatwoot_files(p, c, jsonx_arr(root, "attachments"));
	jsonx_put(c->fields, "account", chat_id(p->a, jsonx_obj(root, "account"), "id"));
	jsonx_put(c->fields, "page", jsonx_str(attributes, "referer"));
	c->language = answers_language(p->a, jsonx_str(jsonx_obj(attributes, "browser"), "browser_language"));
	if (sent) {
		c->direction = DIRECTION_OUT;
		c->flags |= FLAG_ECHO;
	} else if (!c->text && !c->n_attachments) {
		c->kind = KIND_UNSUPPORTED;
	}
	return 0;
}

/* ---------------------------------------------------------------- Rasa */

static bool is_handover(const json_t *custom)
{
	const char *intent = jsonx_str(custom, "intent");

	return jsonx_str(custom, "handoff_host") || (intent && strstr(intent, "handoff"));
}

/* what the bot says, or that it hands over: {"recipient_id", "text" | "image" | "custom", "buttons"?} */
static void rasa_said(struct chat_post *p, const json_t *m)
{
	const json_t *custom = jsonx_obj(m, "custom");
	struct chat_visitor v = { .conversation = chat_id(p->a, m, "recipient_id") };
	const char *title = jsonx_str(custom, "title");
	struct contact *c;

	if (!v.conversation || (!jsonx_str(m, "text") && !jsonx_str(m, "image") && !is_handover(custom))) {
		p->out->n_ignored++;
		return;
	}
	c = chat_add(p, is_handover(custom) ? KIND_CHOICE : KIND_TEXT, NULL, &v);
	chat_text(p, c, jsonx_str(m, "text") ? jsonx_str(m, "text") : title);
	chat_attach(p, c, "image", jsonx_str(m, "image"), NULL, NULL, -1);
	if (is_handover(custom)) {       /* the visitor wants a person: option 0 */
		c->flags |= FLAG_OPTION0;
		json_object_set(c->fields, "handover", (json_t *)custom);
	} else {
		jsonx_put(c->fields, "by", "bot");
		c->direction = DIRECTION_OUT;
		c->flags |= FLAG_ECHO;
	}
}

/* what a visitor said to the bot: {"sender", "message", "metadata"} */
static int rasa_heard(struct chat_post *p, const json_t *root)
{
	const json_t *metadata = jsonx_obj(root, "metadata");
	struct chat_visitor v = { .conversation = chat_id(p->a, root, "sender"), .name = jsonx_str(metadata, "name") };
	const char *text = jsonx_str(root, "message");
	struct contact *c;

	if (!v.conversation || !text || !*text)
		return reading_refuse(p->out, "a Rasa message without sender or message");
	c = chat_add(p, KIND_TEXT, chat_id(p->a, metadata, "message_id"), &v);
	chat_text(p, c, text);
	c->language = answers_language(p->a, jsonx_str(metadata, "language"));
	jsonx_put(c->fields, "page", jsonx_str(metadata, "page"));
	return 0;
}

int chat_read_rasa(struct chat_post *p, const json_t *root)
{
	json_t *m;
	size_t i;

	if (json_object_get(root, "sender"))
		return rasa_heard(p, root);
	if (json_is_object(root))
		rasa_said(p, root);
	json_array_foreach(root, i, m)
		rasa_said(p, m);
	return 0;
}

/* ---------------------------------------------------------------- {"event", "timestamp", "data": {…}} */

int chat_read_envelope(struct chat_post *p, const json_t *root)
{
	const char *event = jsonx_str(root, "event");
	const json_t *data = jsonx_obj(root, "data");
	struct chat_visitor v = {
		.conversation = chat_id(p->a, data, "conversation_id"), .name = jsonx_str(data, "visitor_name"),
		.email = jsonx_str(data, "visitor_email"), .phone = jsonx_str(data, "visitor_phone"),
	};
	bool started = !strcmp(event, "conversation.started"), message = !strcmp(event, "message.received");
	const char *id = chat_id(p->a, data, "message_id");
	struct contact *c;

	if (!started && !message)
		return ignore(p);
	if (!v.conversation || (message && !id))
		return reading_refuse(p->out, "a chat event without conversation or message id");
	c = chat_add(p, started ? KIND_SYSTEM : KIND_TEXT, started ? arena_printf(p->a, "started:%s", v.conversation) : id, &v);
	chat_text(p, c, jsonx_str(data, "content"));
	chat_at(c, json_object_get(root, "timestamp"));
	jsonx_put(c->fields, "page", jsonx_str(data, "current_url"));
	if (started)
		jsonx_put(c->fields, "event", "start");
	else if (!c->text)
		c->kind = KIND_UNSUPPORTED;
	if (jsonx_bool(data, "is_from_admin")) {
		c->direction = DIRECTION_OUT;
		c->flags |= FLAG_ECHO;
	}
	return 0;
}
