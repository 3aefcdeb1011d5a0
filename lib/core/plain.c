/* plain.c - see plain.h */
#include "lib/core/plain.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORD_BYTES = 64, SHOWN_BYTES = 80 };

static const struct {
	const char *word, *easier;
} hard[] = {
#define PLAIN(word, easier) { word, easier },
#include "lib/core/plain_words.def"
#undef PLAIN
};

/* letters, digits, and every byte of what is no ASCII */
static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c & 0x80) != 0;
}

/* a point within a number, an abbreviation or an address ends nothing */
static bool ends_sentence(const char *s)
{
	return *s == '\0' || *s == '\n' || (strchr(".!?:", *s) != NULL && (s[1] == '\0' || isspace((unsigned char)s[1])));
}

static bool is_told(const json_t *list, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(json_object_get(one, "word")), word) == 0)
			return true;
	return false;
}

static void look_up(json_t *found, const char *word, size_t len)
{
	if (len >= WORD_BYTES || json_array_size(found) == PLAIN_HINTS)
		return;
	for (size_t i = 0; i < sizeof(hard) / sizeof(*hard); i++)
		if (strlen(hard[i].word) == len && strncasecmp(hard[i].word, word, len) == 0 && !is_told(found, hard[i].word))
			json_array_append_new(found, json_pack("{s:s, s:s}", "word", hard[i].word, "try", hard[i].easier));
}

/* the beginning of a sentence, never half a character */
static json_t *beginning(const char *s, size_t len)
{
	if (len > SHOWN_BYTES)
		for (len = SHOWN_BYTES; (s[len] & 0xc0) == 0x80; len--)
			;
	return json_stringn(s, len);
}

/* one word, or a field in braces: where it ends */
static const char *word_end(const char *s)
{
	const char *end = strncmp(s, "{{", 2) == 0 ? strstr(s, "}}") : NULL;

	if (end != NULL)
		return end + 2;
	while (in_word(*s) || (*s != '\0' && strchr("-'./@", *s) != NULL && in_word(s[1])))
		s++;
	return s;
}

json_t *plain_hint(const char *text)
{
	json_t *lengthy = json_array(), *found = json_array();
	int sentences = 0, words = 0, here = 0;
	const char *begin = text, *s = text;

	for (;;) {
		if (ends_sentence(s)) {
			if (here > PLAIN_SENTENCE_WORDS && json_array_size(lengthy) < PLAIN_HINTS)
				json_array_append_new(lengthy, beginning(begin, (size_t)(s - begin)));
			sentences += here > 0;
			here = 0;
			if (*s == '\0')
				break;
			for (s++; isspace((unsigned char)*s); s++)
				;
			begin = s;
		} else if (in_word(*s) || strncmp(s, "{{", 2) == 0) {
			const char *end = word_end(s);

			if (*s != '{')
				look_up(found, s, (size_t)(end - s));
			here++;
			words++;
			s = end > s ? end : s + 1;
		} else {
			s++;
		}
	}
	return json_pack("{s:i, s:i, s:o, s:o}", "sentences", sentences, "wordsPerSentence",
	                 sentences > 0 ? (words + sentences / 2) / sentences : 0, "long", lengthy, "hard", found);
}
