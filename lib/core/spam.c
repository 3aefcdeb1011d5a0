#include "lib/core/spam.h"

#include <string.h>
#include <strings.h>

static const struct phrases *words_of(struct arena *a, const json_t *list)
{
	const char **texts = arena_array(a, const char *, SPAM_MAX_WORDS), *s;
	const json_t *word;
	size_t i, n = 0;

	json_array_foreach(list, i, word) if (n < SPAM_MAX_WORDS &&
					      (s = phrase_plain(a, json_string_value(word))) != NULL)
		texts[n++] = s;
	return n ? phrases_new(a, texts, n, true) : NULL;
}

struct spam_rules *spam_rules_new(struct arena *a, const json_t *settings)
{
	const json_t *links = json_object_get(settings, "max_links");
	struct spam_rules *r = arena_new_of(a, struct spam_rules);

	r->words = words_of(a, json_object_get(settings, "words"));
	r->max_links = json_is_integer(links) && json_integer_value(links) >= 0 && json_integer_value(links) <= SPAM_MAX_LINKS
	               ? (int)json_integer_value(links) : -1;
	r->always = json_is_true(json_object_get(settings, "always"));
	return r->words || r->max_links >= 0 ? r : NULL;
}

static int links_in(const char *s)
{
	int n = 0;

	for (; *s; s++) {
		if (!strncasecmp(s, "http://", 7) || !strncasecmp(s, "https://", 8)) {
			n++;
			s = strchr(s, '/') + 1;         /* what follows is of this link, "www." too */
			s += !strncasecmp(s + 1, "www.", 4) ? 4 : 0;
		} else if (!strncasecmp(s, "www.", 4)) {
			n++;
			s += 3;
		}
	}
	return n;
}

static bool found_in_text(const struct spam_rules *r, const char *s, const struct phrase_words *w)
{
	return (r->words && phrase_within(r->words, w)) || (r->max_links >= 0 && links_in(s) > r->max_links);
}

static bool found_in(struct arena *a, const struct spam_rules *r, const json_t *j)
{
	struct phrase_words w = { .n = 0 };
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(j)) {
		phrase_split(a, json_string_value(j), &w);
		return found_in_text(r, json_string_value(j), &w);
	}
	json_object_foreach((json_t *)j, key, v)
		if (found_in(a, r, v))
			return true;
	json_array_foreach(j, i, v)
		if (found_in(a, r, v))
			return true;
	return false;
}

bool spam_finds(struct arena *a, const struct spam_rules *r, const struct contact *c, const struct phrase_words *text)
{
	return (c->text && found_in_text(r, c->text, text)) || (c->fields && found_in(a, r, c->fields));
}
