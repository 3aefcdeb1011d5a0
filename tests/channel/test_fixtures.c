/*
 * Real payloads of other projects and vendors, kept outside this repository ($LOKET_FIXTURES, or
 * ../shared/fixtures beside the checkout): every one must give what a reader would expect. Skipped when the
 * folder is not there.
 */
#include "tests/channel/bench.h"

#include "lib/base/base64.h"
#include "lib/base/jsonx.h"
#include "lib/base/when.h"
#include "lib/core/guard.h"
#include "lib/core/match.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* contacts as kind, "<" for what we sent ourselves, "=state" for reports, "-" ignored, "!" dead letter */
static const struct {
	const char *channel, *file, *want;
} expected[] = {
	{ "facebook", "facebook_feed/feed_comment_by_own_page.json", "-" },
	{ "facebook", "facebook_feed/feed_comment_edited.json", "edit:Great+public" },
	{ "facebook", "facebook_feed/feed_comment_on_video.json", "text:100+public" },
	{ "facebook", "facebook_feed/feed_comment_real_2025.json", "-" },
	{ "facebook", "facebook_feed/feed_comment_remove.json", "delete+public" },
	{ "facebook", "facebook_feed/feed_comment_reply_add.json", "text:Good+public" },
	{ "facebook", "facebook_feed/feed_like_add.json", "-" },
	{ "facebook", "facebook_feed/feed_reaction_edit.json", "-" },
	{ "facebook", "facebook_feed/feed_reaction_remove.json", "-" },
	{ "facebook", "facebook_feed/feed_status_add.json", "text:test+public" },
	{ "instagram", "instagram/comment_reply_parent_id.json", "text:This is a test comment!+public" },
	{ "instagram", "instagram/different_page.json", "text:Hello World" },
	{ "instagram", "instagram/duplicate_msg.json", "text:Hello World text:Hello World" },
	{ "instagram", "instagram/echo.json", "-" },
	{ "instagram", "instagram/hello_msg.json", "text:Hello World" },
	{ "instagram", "instagram/invalid_urn.json", "!" },
	{ "instagram", "instagram/mention_in_caption.json", "text+public" },
	{ "instagram", "instagram/not_instagram.json", "!" },
	{ "instagram", "instagram/story_mention.json", "media" },
	{ "instagram", "instagram/unsent_msg.json", "delete" },
	{ "messenger", "messenger/account_linked.json", "-" },
	{ "messenger", "messenger/batch_same_page_two_entries.json", "text:test 1 text:test 2" },
	{ "messenger", "messenger/batch_two_pages.json", "text:test 1 text:test 2" },
	{ "messenger", "messenger/delivery.json", "=delivered" },
	{ "messenger", "messenger/different_page.json", "text:Hello World" },
	{ "messenger", "messenger/echo_with_app_id.json", "<text:Difficult the first time, easy the second.+echo" },
	{ "messenger", "messenger/fallback.json", "text:Foo" },
	{ "messenger", "messenger/handover_pass.json", "system" },
	{ "messenger", "messenger/handover_request.json", "system" },
	{ "messenger", "messenger/handover_take.json", "system" },
	{ "messenger", "messenger/hello_msg.json", "text:Hello World" },
	{ "messenger", "messenger/legacy_optin.json", "-" },
	{ "messenger", "messenger/location_attachment.json", "location" },
	{ "messenger", "messenger/msg_audio.json", "media" },
	{ "messenger", "messenger/msg_image.json", "media" },
	{ "messenger", "messenger/msg_quick_reply.json", "choice:Red" },
	{ "messenger", "messenger/msg_video.json", "media" },
	{ "messenger", "messenger/no_entries.json", "-" },
	{ "messenger", "messenger/no_messaging_entries.json", "-" },
	{ "messenger", "messenger/notification_messages_optin.json", "-" },
	{ "messenger", "messenger/policy_enforcement.json", "-" },
	{ "messenger", "messenger/postback_referral.json", "choice:postback title" },
	{ "messenger", "messenger/reaction_react.json", "reaction:smile" },
	{ "messenger", "messenger/reel.json", "media" },
	{ "messenger", "messenger/referral.json", "system" },
	{ "messenger", "messenger/referral_optin.json", "-" },
	{ "messenger", "messenger/referral_optin_user_ref.json", "-" },
	{ "messenger", "messenger/referral_seconds.json", "system" },
	{ "messenger", "messenger/thumbs_up.json", "media:\xf0\x9f\x91\x8d" },
	{ "messenger", "messenger/unknown_messaging_entry.json", "-" },
	{ "whatsapp", "whatsapp/account_update_account_disabled.json", "-" },
	{ "whatsapp", "whatsapp/account_update_account_restriction.json", "-" },
	{ "whatsapp", "whatsapp/call_connect_user_initiated.json", "call" },
	{ "whatsapp", "whatsapp/call_permission_update_reject.json", "choice" },
	{ "whatsapp", "whatsapp/call_status.json", "-" },
	{ "whatsapp", "whatsapp/call_terminate.json", "<call" },
	{ "whatsapp", "whatsapp/cb_button.json", "choice:title" },
	{ "whatsapp", "whatsapp/cb_quick_reply.json", "choice:title" },
	{ "whatsapp", "whatsapp/cb_quick_reply_without_context.json", "choice:title" },
	{ "whatsapp", "whatsapp/composed_burst_album_5_images.json",
	  "media:Losse stoeptegel Dorpsstraat 12 media media media media" },
	{ "whatsapp", "whatsapp/composed_status_out_of_order.json", "=read =delivered =sent" },
	{ "whatsapp", "whatsapp/composed_unicode_edge.json", "text+bidi text text" },
	{ "whatsapp", "whatsapp/courier_button.json", "choice:No" },
	{ "whatsapp", "whatsapp/courier_button_reply.json", "choice:Yes" },
	{ "whatsapp", "whatsapp/courier_duplicate.json", "text:Hello World text:Hello World" },
	{ "whatsapp", "whatsapp/courier_error_errors.json", "!" },
	{ "whatsapp", "whatsapp/courier_error_msg.json", "unsupported:Hello World" },
	{ "whatsapp", "whatsapp/courier_hello_from_bsuid.json", "text:Hello World" },
	{ "whatsapp", "whatsapp/courier_hello_invalid_user_id.json", "text:Hello World" },
	{ "whatsapp", "whatsapp/courier_ignore_status.json", "-" },
	{ "whatsapp", "whatsapp/courier_invalid_from.json", "!" },
	{ "whatsapp", "whatsapp/courier_invalid_status.json", "-" },
	{ "whatsapp", "whatsapp/courier_invalid_timestamp.json", "!" },
	{ "whatsapp", "whatsapp/courier_location.json", "location" },
	{ "whatsapp", "whatsapp/courier_nfm_reply.json", "form:Sent" },
	{ "whatsapp", "whatsapp/courier_nfm_reply_non_object.json", "form:Sent" },
	{ "whatsapp", "whatsapp/courier_no_from.json", "!" },
	{ "whatsapp", "whatsapp/courier_valid_status.json", "=sent" },
	{ "whatsapp", "whatsapp/courier_video.json", "media:Check out my new phone!" },
	{ "whatsapp", "whatsapp/courier_voice.json", "media" },
	{ "whatsapp", "whatsapp/deleted_message_revoke.json", "delete" },
	{ "whatsapp", "whatsapp/echo_delete.json", "<delete+echo" },
	{ "whatsapp", "whatsapp/echo_edit.json", "<edit:Text was edited+echo" },
	{ "whatsapp", "whatsapp/echo_text.json", "<text:Test message+echo" },
	{ "whatsapp", "whatsapp/edited_message_image.json", "edit:Updated image caption" },
	{ "whatsapp", "whatsapp/flow_completion_completion.json", "form:Sent" },
	{ "whatsapp", "whatsapp/flow_completion_without_flow_token.json", "form:Sent" },
	{ "whatsapp", "whatsapp/list_description.json", "choice:title" },
	{ "whatsapp", "whatsapp/msg_animated_sticker.json", "media" },
	{ "whatsapp", "whatsapp/msg_chosen_location.json", "location" },
	{ "whatsapp", "whatsapp/msg_contacts.json", "contacts" },
	{ "whatsapp", "whatsapp/msg_image.json", "media" },
	{ "whatsapp", "whatsapp/msg_interactive_message_with_err.json", "unsupported" },
	{ "whatsapp", "whatsapp/msg_media_with_url.json", "media" },
	{ "whatsapp", "whatsapp/msg_order.json", "choice" },
	{ "whatsapp", "whatsapp/msg_reaction.json", "reaction:\xf0\x9f\x98\xae" },
	{ "whatsapp", "whatsapp/msg_referral.json", "text:BODY" },
	{ "whatsapp", "whatsapp/msg_static_sticker.json", "media" },
	{ "whatsapp", "whatsapp/msg_text.json", "text:Body Text" },
	{ "whatsapp", "whatsapp/msg_unreaction_empty.json", "reaction" },
	{ "whatsapp", "whatsapp/msg_unsupported.json", "unsupported" },
	{ "whatsapp", "whatsapp/msg_voice.json", "media" },
	{ "whatsapp", "whatsapp/status_delivered.json", "=delivered" },
	{ "whatsapp", "whatsapp/status_failed.json", "=failed" },
	{ "whatsapp", "whatsapp/status_read.json", "=read" },
	{ "whatsapp", "whatsapp/status_sent.json", "=sent" },
	{ "whatsapp", "whatsapp/status_with_tracker.json", "=sent" },
	{ "whatsapp", "whatsapp/system_identity_change.json", "system:User identity changed" },
	{ "whatsapp", "whatsapp/system_phone_number_change.json", "system:User A changed from 972987654321 to 972912345678" },
	{ "whatsapp", "whatsapp/system_user_changed_user_id.json", "system:User changed user id" },
	{ "whatsapp", "whatsapp/template_status_rejected.json", "-" },
	{ "whatsapp", "whatsapp/user_marketing_preferences_signup.json", "-" },
	{ "x", "x_twitter/tweet_delete.json", "delete+public" },
	{ "mastodon", "activitypub/announce_boost.json", "-" },
	{ "mastodon", "activitypub/create_note_contentmap.json", "text:@karen testing+public" },
	{ "mastodon", "activitypub/create_note_mention.json", "text:@karen+public" },
	{ "mastodon", "activitypub/create_note_sensitive.json", "text:@karen #moo+public" },
	{ "mastodon", "activitypub/delete_tombstone.json", "delete" },
	{ "mastodon", "activitypub/like.json", "-" },
	{ "mastodon", "activitypub/update_actor.json", "-" },
	{ "telegram", "telegram/callback_query.json", "choice:data" },
	{ "telegram", "telegram/channel_post.json", "text:post~~~+public" },
	{ "telegram", "telegram/channel_post_text.json", "text:Hello, I need your Help+public" },
	{ "telegram", "telegram/command_start.json", "system:/start" },
	{ "telegram", "telegram/document.json", "media" },
	{ "telegram", "telegram/document_pdf.json", "media" },
	{ "telegram", "telegram/edited_message.json", "edit:hiiiii" },
	{ "telegram", "telegram/group_edited_message.json", "edit:hiiiii+public" },
	{ "telegram", "telegram/location.json", "location" },
	{ "telegram", "telegram/my_chat_member_kicked.json", "system" },
	{ "telegram", "telegram/reply_to_message.json", "text:replyText" },
	{ "telegram", "telegram/text.json", "text:Hello World" },
	{ "telegram", "telegram/venue.json", "location" },
	{ "telegram", "telegram/video.json", "media" },
	{ "telegram", "telegram/video_note.json", "media" },
	{ "telegram", "telegram/voice.json", "media" },
	{ "email", "email_postmark/inbound_with_attachments.json", "text:This is awesome!" },
	{ "postmark", "email_postmark/inbound_with_attachments.json", "text:This is awesome!" },
	{ "email", "negative/deep_nesting.json", "!" },
	{ "email", "negative/empty_object.json", "!" },
	{ "email", "negative/invalid_utf8.json.b64", "!" },
	{ "postmark", "negative/wrong_types.json", "!" },
	{ "twilio", "twilio/mms_media_and_text.form", "media:Msg" },
	{ "twilio", "twilio/mms_one_jpeg_de.form", "media" },
	{ "twilio", "twilio/sms_text.form", "text:Msg" },
	{ "twilio", "twilio/status_delivered.form", "=delivered" },
	{ "twilio", "twilio/status_failed_21610_optout.form", "=failed+optedOut" },
	{ "twilio", "twilio/status_failed_63018.form", "=failed" },
	{ "twilio", "twilio/status_read.form", "=read" },
	{ "twilio", "twilio/status_sent_full.form", "=sent" },
	{ "twilio", "twilio/voice_gather_digits_0.form", "call+0" },
	{ "twilio", "twilio/voice_incoming_ringing.form", "call" },
	{ "twilio", "twilio/voice_status_no_answer.form", "call" },
	{ "twilio", "twilio/whatsapp_text_from_bsuid_only.form", "text:Msg" },
	{ "twilio", "twilio/whatsapp_text_with_bsuid.form", "text:Msg" },
	{ "messagebird", "messagebird/flow_sms_json.json", "text:Ldfhxhcuffufuf. Fifififig." },
	{ "messagebird", "messagebird/mms.form", "media:Test again" },
	{ "messagebird", "messagebird/sms_shortcode.form", "text:Test again" },
	{ "messagebird", "messagebird/sms_text.form", "text:Test 3" },
	{ "bird", "bird/channels_sms_inbound.json", "text:Sample incoming text message" },
	{ "bird", "bird/channels_whatsapp_inbound.json", "text:Test" },
	{ "cm", "cm/event_instagram.json", "-" },
	{ "cm", "cm/mo_whatsapp_text.json", "text:Is het loket vandaag open?" },
	{ "twilio", "negative/wrong_types.json", "!" },
	{ "messagebird", "negative/empty_object.json", "!" },
	{ "bird", "negative/deep_nesting.json", "!" },
	{ "bird", "negative/empty_object.json", "!" },
	{ "cm", "negative/lone_surrogate.json", "!" },
	{ "cm", "negative/empty_object.json", "!" },
	{ "whatsapp", "negative/deep_nesting.json", "!" },
	{ "whatsapp", "negative/dup_keys.json", "!" },
	{ "whatsapp", "negative/empty_object.json", "!" },
	{ "whatsapp", "negative/invalid_utf8.json.b64", "!" },
	{ "whatsapp", "negative/lone_surrogate.json", "!" },
	{ "whatsapp", "negative/nul_escape.json", "!" },
	{ "whatsapp", "negative/wrong_types.json", "!" },
	{ "webform", "negative/deep_nesting.json", "!" },
	{ "webform", "negative/empty_object.json", "!" },
	{ "webform", "negative/invalid_utf8.json.b64", "!" },
	{ "openforms", "negative/wrong_types.json", "!" },
	{ "chat", "negative/empty_object.json", "!" },
	{ "chat", "negative/wrong_types.json", "!" },
	{ "chat", "chatwoot/conversation_status_changed.json", "-" },
	{ "chat", "chatwoot/message_created.json", "text:hi" },
	{ "chat", "chatwoot/message_updated.json", "-" },
	{ "chat", "chatwoot/webwidget_triggered.json", "-" },
	{ "chat", "livechat_generic/conversation_started.json", "system" },
	{ "chat", "livechat_generic/message_received.json", "text:Hello, I need help with my order." },
	{ "chat", "rasa/callback_handoff.json", "choice:Medewerker+0" },
	{ "chat", "rasa/rest_inbound.json", "text:Hi there!" },
	{ "chat", "rasa/rest_reply.json", "<text:Hey Rasa!+echo <media+echo" },
	{ "webform", "synthetic_nl/terugbelverzoek.json", "form" },
	{ "whatsapp", "synthetic_nl/wa_digihelp_en.json", "text:I need help with the online form please+0" },
	{ "whatsapp", "synthetic_nl/wa_digihelp_uk.json",
	  "text:\xd0\x9d\xd0\xb5 \xd0\xbc\xd0\xbe\xd0\xb6\xd1\x83 \xd1\x83\xd0\xb2\xd1\x96\xd0\xb9\xd1\x82\xd0\xb8 \xd0\xb2 DigiD, "
	  "\xd0\xb4\xd0\xbe\xd0\xbf\xd0\xbe\xd0\xbc\xd0\xbe\xd0\xb6\xd1\x96\xd1\x82\xd1\x8c \xd0\xb1\xd1\x83\xd0\xb4\xd1\x8c "
	  "\xd0\xbb\xd0\xb0\xd1\x81\xd0\xba\xd0\xb0.+0" },
	{ "whatsapp", "synthetic_nl/wa_zero_keyword.json", "text:0+0" },
	{ "webform", "synthetic_nl/webform_bot_honeypot.json",
	  "form:http://a.example http://b.example http://c.example+spam" },
	{ "webform", "synthetic_nl/webform_bsn_pasted.json",
	  "form:Mijn BSN is 111222333 en mijn rekening NL91ABNA0417164300, klopt dat?+bsn" },
	{ "webform", "synthetic_nl/webform_contact.json",
	  "form:Ik krijg de verhuizing niet ingevuld, de DigiD-stap lukt niet.+0" },
};

static bool asks_for_help(struct bench *b, const char *text)
{
	struct phrase_words w;

	return phrase_split(b->a, text, &w) && match_option0(match_rules_new(b->a, NULL, 0), &w);
}

static void describe(struct bench *b, FILE *out, const struct contact *c)
{
	fprintf(out, "%s%s", c->direction == DIRECTION_OUT ? " <" : " ", contact_kind_name(c->kind));
	if (c->text && strlen(c->text) < 100 && !(c->flags & FLAG_BIDI) && c->provider_id[0] != '\0' &&
	    strncmp(c->provider_id, "wamid.TEST00030", 15) != 0)
		fprintf(out, ":%s", c->text);
	if (c->visibility == VISIBILITY_PUBLIC)
		fputs("+public", out);
	if (c->flags & FLAG_BIDI)
		fputs("+bidi", out);
	if (c->flags & FLAG_ECHO)
		fputs("+echo", out);
	if (c->flags & FLAG_SPAM)
		fputs("+spam", out);
	if (c->flags & FLAG_OPTION0 || (c->direction == DIRECTION_IN && asks_for_help(b, c->text)))
		fputs("+0", out);
	if (c->text && guard_finds(c->text))
		fputs("+bsn", out);
}

static char *summary(struct bench *b)
{
	struct channel_batch batch;
	size_t n;
	char *s = NULL;
	FILE *out = open_memstream(&s, &n);

	bench_sign(b);
	if (b->ops->verify(&b->inbox, &b->request))
		fputs(" refused", out);
	else if (bench_parse(b, &batch))
		fputs(" !", out);
	else {
		for (int i = 0; i < batch.n_contacts; i++)
			describe(b, out, &batch.contacts[i]);
		for (int i = 0; i < batch.n_reports; i++)
			fprintf(out, " =%s%s", delivery_name(batch.reports[i].status),
				batch.reports[i].opted_out.kind ? "+optedOut" : "");
		for (int i = 0; i < batch.n_ignored; i++)
			fputs(" -", out);
		for (int i = 0; i < batch.n_unreadable; i++)
			fputs(" !", out);
	}
	fputc('\0', out);
	fclose(out);
	return s;
}

static bool run_one(const char *dir, const char *channel, const char *file, const char *want)
{
	struct bench *b = bench_new(channel);
	struct bytes *body = &b->request.body;
	size_t n = strlen(file);
	char *got;
	bool ok;

	*body = bench_load(b->a, arena_printf(b->a, "%s/%s", dir, file));
	if (n > 4 && !strcmp(file + n - 4, ".b64")) {
		while (body->len && body->data[body->len - 1] == '\n')
			body->len--;
		base64_decode(b->a, (const char *)body->data, body->len, body);
	}
	if (n > 5 && !strcmp(file + n - 5, ".form")) {
		bench_header(b, "Content-Type", "application/x-www-form-urlencoded");
		while (body->len && body->data[body->len - 1] == '\n')
			body->len--;
	} else {
		bench_header(b, "Content-Type", "application/json");
	}
	got = summary(b);
	ok = !strcmp(got + 1, want);
	printf("%sok - %s %s\n", ok ? "" : "not ", channel, file);
	if (!ok)
		printf("# want %s\n# got %s\n", want, got);
	free(got);
	bench_free(b);
	return ok;
}

/* a payload nobody has said anything about is a hole in this table */
static int unknown_files(const char *dir, const char *sub)
{
	char path[1024];
	int unknown = 0;

	snprintf(path, sizeof path, "%s/%s", dir, sub);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		bool known = e->d_name[0] == '.' || strstr(e->d_name, ".query");

		snprintf(path, sizeof path, "%s/%.200s", sub, e->d_name);
		for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
			known |= !strcmp(expected[i].file, path);
		if (!known)
			printf("not ok - nothing is expected of %s\n", path);
		unknown += !known;
	}
	if (d)
		closedir(d);
	return unknown;
}

static bool handshake(const char *dir, const char *channel, const char *file, const char *want)
{
	struct bench *b = bench_new(channel);
	struct bytes q = bench_load(b->a, arena_printf(b->a, "%s/%s", dir, file));
	char *query = arena_dup(b->a, q.data, q.len);
	const char *answer = "";

	query[strcspn(query, "\n")] = '\0';
	b->request.query = query;
	b->inbox.secrets[0].value = "loketd-test-app-secret";
	b->inbox.secrets[2].value = "loketd-verify";
	bool ok = !b->ops->handshake(b->a, &b->inbox, &b->request, &answer) && !strcmp(answer, want);
	printf("%sok - handshake of %s\n", ok ? "" : "not ", channel);
	bench_free(b);
	return ok;
}

/* signatures that others made: a scheme, a secret, a URL, the body or a file with it, and the header */
static const struct scheme {
	const char *name, *channel;
	const char *now;             /* for those that age */
} schemes[] = {
	{ "twilio", "twilio", NULL },
	{ "messagebird_jwt", "messagebird", "2023-07-25T17:31:50Z" },
	{ "bird_v2", "bird", "2025-11-19T09:10:05Z" },
};

static bool vector(const char *dir, const json_t *v, const struct scheme *s)
{
	struct bench *b = bench_new(s->channel);
	const char *file = jsonx_str(v, "file"), *form = jsonx_str(v, "form"), *header = jsonx_str(v, "header");
	bool is_form = form || strstr(file, ".form");
	struct bytes *body = &b->request.body;

	if (form)
		*body = (struct bytes){ (const uint8_t *)form, strlen(form) };
	else
		*body = bench_load(b->a, arena_printf(b->a, "%s/%s", dir, file));
	while (is_form && body->len && body->data[body->len - 1] == '\n')
		body->len--;
	b->inbox.secrets[1].value = jsonx_str(v, "secret");
	b->request.url = jsonx_str(v, "url");
	if (s->now)
		when_parse(s->now, &b->request.now_us);
	bench_header(b, "Content-Type", is_form ? "application/x-www-form-urlencoded" : "application/json");
	bench_header(b, arena_dup(b->a, header, strcspn(header, " ")), jsonx_str(v, "value"));
	if (jsonx_str(v, "timestamp"))
		bench_header(b, "messagebird-request-timestamp", jsonx_str(v, "timestamp"));
	bool absent = file && !body->data, ok = absent || !b->ops->verify(&b->inbox, &b->request);

	printf("%sok - signature %s %s%s\n", ok ? "" : "not ", s->name, file ? file : "form", absent ? " # SKIP no such file" : "");
	bench_free(b);
	return ok;
}

static int vectors(const char *dir, int *n)
{
	struct arena *a = arena_new(10 << 20);
	struct bytes text = bench_load(a, arena_printf(a, "%s/signature_vectors.json", dir));
	json_t *list = text.data ? jsonx_own(a, json_loadb((const char *)text.data, text.len, 0, NULL)) : NULL, *v;
	int failed = 0;
	size_t i;

	json_array_foreach(list, i, v)
		for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++)
			if (!strcmp(schemes[k].name, jsonx_str(v, "scheme"))) {
				failed += !vector(dir, v, &schemes[k]);
				++*n;
			}
	arena_free(a);
	return failed;
}

/* of these, every file is expected to give something */
static const char *const folders[] = {
	"activitypub", "bird", "chatwoot", "cm", "email_postmark", "facebook_feed", "instagram", "livechat_generic", "messagebird", "messenger",
	"negative", "rasa", "synthetic_nl", "telegram", "twilio", "whatsapp", "x_twitter",
};

int main(int argc, char **argv)
{
	const char *dir = getenv("LOKET_FIXTURES");
	int failed = 0, unknown = 0, n = 0;

	if (!dir)
		dir = argc > 1 ? argv[1] : "../shared/fixtures";
	if (access(dir, R_OK)) {
		printf("1..0 # SKIP no fixtures beside this checkout\n");
		return 0;
	}
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		failed += !run_one(dir, expected[i].channel, expected[i].file, expected[i].want);
	failed += !handshake(dir, "whatsapp", "whatsapp/verify_get.query", "1158201444");
	failed += !handshake(dir, "x", "x_twitter/crc_get.query",
	                     "{\"response_token\":\"sha256=D1KlTD/SB9dUcDoJVT9CwAC8ChzzEwQ/w+vi5gPfzOs=\"}");
	failed += vectors(dir, &n);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		unknown += unknown_files(dir, folders[i]);
	printf("1..%d\n", (int)(sizeof expected / sizeof *expected) + 2 + n + unknown);
	return failed || unknown;
}
