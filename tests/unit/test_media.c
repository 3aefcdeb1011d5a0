/* attachments: which files are for agents, under what name; how and from where they are fetched */
#include "tests/unit/unit.h"

#include "lib/base/jsonx.h"
#include "lib/channel/media.h"
#include "lib/core/file_type.h"

static struct arena *a;

static void begin(void)
{
	a = arena_new(1 << 20);
}

static void end(void)
{
	a = arena_free(a);
}

START_TEST(types)
{
	static const char *const no[] = { "text/html", "image/svg+xml", "application/zip", "application/x-dosexec",
		                          "text/x-shellscript", "application/octet-stream", "application/javascript", "" };

	ck_assert_str_eq(file_type_find("image/jpeg")->served, "image/jpeg");
	ck_assert_str_eq(file_type_find("audio/x-m4a")->ending, "m4a");
	for (size_t i = 0; i < COUNT(no); i++)
		ck_assert_msg(!file_type_find(no[i]), "%s", no[i]);
	ck_assert(!file_type_find(NULL));
}
END_TEST

/* no quote, path, blank, control byte or second ending reaches the header */
START_TEST(names)
{
	static const struct { const char *name, *want; } v[] = {
		{ "foto.jpg", "foto.pdf" },         { "../../etc/passwd", "passwd.pdf" },
		{ "rekening.pdf.exe", "rekening_pdf.pdf" }, { "a\"; filename=\"b.html", "a_filename_b.pdf" },
		{ "C:\\temp\\con.txt", "con.pdf" },
		{ "Überweisung 2026.pdf", "berweisung_2026.pdf" }, { "a\r\nX-Evil: 1", "a_X-Evil_1.pdf" },
		{ NULL, "file.pdf" }, { "", "file.pdf" }, { ".htaccess", "htaccess.pdf" }, { "\xe2\x80\xaegpj.exe", "gpj.pdf" },
	};
	const struct file_type *t = file_type_find("application/pdf");
	char whole[200], long_name[400];

	begin();
	for (size_t i = 0; i < COUNT(v); i++) {
		snprintf(whole, sizeof whole, "Content-Disposition: attachment; filename=\"%s\"", v[i].want);
		ck_assert_str_eq(file_type_disposition(a, t, v[i].name), whole);
	}
	memset(long_name, 'x', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	ck_assert_uint_lt(strlen(file_type_disposition(a, t, long_name)), 160);
	end();
}
END_TEST

static struct inbox inbox(const char *settings)
{
	struct inbox in = { .id = "x", .account = "AC1", .secrets = { { "token", "geheim" } }, .n_secrets = 1 };
	json_t *j = NULL;

	ck_assert_int_eq(jsonx_load(a, TEXT(settings), &j, NULL), 0);
	in.settings = j;
	return in;
}

START_TEST(generic)
{
	const char *url = "https://files.example/a";
	struct channel_media m = { 0 };
	struct inbox in;

	begin();
	in = inbox("{}");
	ck_assert_int_eq(media_first(a, &in, NULL, url, &m), 0);
	ck_assert(m.is_file && !m.headers[0]);
	ck_assert_int_eq(media_first(a, &in, NULL, NULL, &m), MEDIA_IMPOSSIBLE);
	ck_assert_int_eq(media_first(a, &in, NULL, "https://a b", &m), MEDIA_IMPOSSIBLE);
	in = inbox("{\"media_auth\": \"bearer\"}");
	ck_assert_int_eq(media_first(a, &in, NULL, url, &m), 0);
	ck_assert_str_eq(m.headers[0], "Authorization: Bearer geheim");
	in = inbox("{\"media_auth\": \"basic\"}");
	ck_assert_int_eq(media_first(a, &in, NULL, url, &m), 0);
	ck_assert_str_eq(m.headers[0], "Authorization: Basic QUMxOmdlaGVpbQ==");
	in.n_secrets = 0;
	ck_assert_int_eq(media_first(a, &in, NULL, url, &m), MEDIA_IMPOSSIBLE);
	end();
}
END_TEST

START_TEST(whatsapp)
{
	const struct channel_ops *ops = channel_find("whatsapp");
	struct channel_media m = { 0 };
	struct inbox in;

	begin();
	in = inbox("{}");
	ck_assert_int_eq(media_first(a, &in, ops, "1166846181421424", &m), 0);
	ck_assert_str_eq(m.url, "https://graph.facebook.com/v23.0/1166846181421424");
	ck_assert(!m.is_file);
	ck_assert_int_eq(media_first(a, &in, ops, "../me", &m), MEDIA_IMPOSSIBLE);
	ck_assert_int_eq(ops->media(a, &in, "1", TEXT("{\"url\":\"https:\\/\\/lookaside.fbsbx.com\\/x?mid=1\"}"), &m), 0);
	ck_assert_str_eq(m.url, "https://lookaside.fbsbx.com/x?mid=1");
	ck_assert(m.is_file);
	ck_assert_int_eq(ops->media(a, &in, "1", TEXT("{}"), &m), MEDIA_IMPOSSIBLE);
	ck_assert_int_eq(ops->media(a, &in, "1", TEXT("<html>"), &m), MEDIA_IMPOSSIBLE);
	end();
}
END_TEST

START_TEST(hosts)
{
	struct inbox in;
	json_t *list;

	begin();
	in = inbox("{\"base_url\": \"https://gateway.example:8443/v1\", \"media_hosts\": [\".cdn.example\", 7]}");
	list = media_hosts(&in, channel_find("whatsapp"));
	ck_assert_str_eq(jsonx_dump(a, list, NULL),
	                 "[\"graph.facebook.com\",\"lookaside.fbsbx.com\",\"gateway.example\",\".cdn.example\"]");
	json_decref(list);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { types, names, generic, whatsapp, hosts };

	return unit_run("media", tests, COUNT(tests));
}
