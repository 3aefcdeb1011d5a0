/* lib/base/html: what a person would read */
#include "tests/unit/unit.h"

#include "lib/base/html.h"

#include <stdlib.h>
#include <time.h>

static const struct {
	const char *html, *text;
} examples[] = {
	{ "", "" },
	{ "gewoon", "gewoon" },
	{ "  <p> a \n b\t</p>\r\n", "a b" },
	{ "<p>een</p><p>twee</p>", "een\n\ntwee" },
	{ "<p>een<br>twee<br/>drie<BR />vier</p>", "een\ntwee\ndrie\nvier" },
	{ "een<br><br>twee<br><br><br>drie", "een\n\ntwee\n\ndrie" },
	{ "<div>een</div><div>twee</div><div><br></div><div>drie</div>", "een\ntwee\n\ndrie" },
	{ "<ul><li>een</li><li> <b>twee</b></li></ul>na", "- een\n- twee\nna" },
	{ "<table><tr><td>Naam</td><td>Sanne</td></tr><tr><td>Wijk</td><td>Noord</td></tr></table>",
	  "Naam Sanne\nWijk Noord" },
	{ "ja<blockquote>eerder<blockquote>nog<br>eerder</blockquote></blockquote>nee",
	  "ja\n> eerder\n> > nog\n> > eerder\nnee" },
	{ "</blockquote></pre>x", "x" },
	{ "<pre>a  b\n  c</pre>d  e", "a b\nc\nd e" },
	{ "<span class=\"h-card\"><a href=\"https://a.example/@b\" class=\"u-url\">@<span>b</span></a></span> hoi", "@b hoi" },
	{ "<a href=\"https://a.example/x?a>b\">hier</a>", "hier" },
	{ "<a title='\"'>x</a>", "x" },
	{ "<p it's>a</p>'s", "a\n\n's" },
	{ "<script>var a = '<p>';</script>a<style>p { }</style>b<title>t</title>", "ab" },
	{ "<SCRIPT src=x>a</script >b", "b" },
	{ "a<script>b", "a" },
	{ "a<!-- b <p> --->c<!-->d<!---->e", "acde" },
	{ "a<!-- b>c", "ac" },
	{ "<!DOCTYPE html><?xml version=\"1.0\"?><html><body>a</body></html>", "a" },
	{ "1 < 2 > 1 <3 a<", "1 < 2 > 1 <3 a<" },
	{ "a <b", "a <b" },
	{ "<a href=\"x>b", "b" },
	{ "a<p", "a<p" },
	{ "a</", "a</" },
	{ "&lt;p&gt; &amp;amp; &quot;&apos;&#39;&#x27;", "<p> &amp; \"'''" },
	{ "&eacute;&Eacute;&nbsp;&yuml;&euro;&szlig;", "\xc3\xa9\xc3\x89 \xc3\xbf\xe2\x82\xac\xc3\x9f" },
	{ "&#146;&#x80;&#129;", "\xe2\x80\x99\xe2\x82\xac\xef\xbf\xbd" },
	{ "&#x1F600;&#128512;", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },
	{ "&#0;&#xD800;&#x110000;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "a&b; &copy=1 &;&#;&#x; & &nosuch; &#65", "a&b; &copy=1 &;&#;&#x; & &nosuch; A" },
	{ "af&shy;spraak&zwnj;&nbsp;&zwnj;&nbsp;nu", "afspraak nu" },
	{ "caf\x65\xcc\x81", "caf\xc3\xa9" },
	{ "\xff<b>\xff", "\xef\xbf\xbd\xef\xbf\xbd" },
};

START_TEST(reads_as_a_person_does)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct arena *a = arena_new(1 << 20);

		ck_assert_str_eq(html_text(a, TEXT(examples[i].html), 1000), examples[i].text);
		arena_free(a);
	}
}
END_TEST

START_TEST(never_longer_than_asked)
{
	struct arena *a = arena_new(1 << 20);

	for (size_t max = 0; max < 40; max++) {
		ck_assert_uint_le(strlen(html_text(a, LITERAL("<p>een</p>&euro;<blockquote>twee<p>drie"), max)), max);
	}
	ck_assert_str_eq(html_text(a, LITERAL("a&euro;bcd"), 3), "a");
	arena_free(a);
}
END_TEST

/* a text of 4 MB that makes every search run to the end for nothing: seconds, not hours */
START_TEST(hostile_text_costs_no_more)
{
	static const char *const parts[] = { "<a x=\"", "<a x='\">", "<!--", "<!-- >", "<", "<script", "&", "<a ='",
					     "<blockquote>", "</script", "&#", "<p>a", "<style><" };
	enum { SIZE = 4 << 20 };
	uint8_t *body = malloc(SIZE);

	for (size_t i = 0; i < COUNT(parts); i++) {
		struct arena *a = arena_new(8 * SIZE);
		struct timespec before, after;

		for (size_t at = 0; at < SIZE; at++)
			body[at] = (uint8_t)parts[i][at % strlen(parts[i])];
		body[SIZE - 1] = '>';
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		html_text(a, (struct bytes){ body, SIZE }, SIZE);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		ck_assert_msg(after.tv_sec - before.tv_sec < 5, "%s", parts[i]);
		arena_free(a);
	}
	free(body);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { reads_as_a_person_does, never_longer_than_asked, hostile_text_costs_no_more };

	return unit_run("html", tests, COUNT(tests));
}
