#include "lib/core/theme.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *key;
	int max;
} lists[N_THEME_KINDS] = {
	[THEME] = {"themes", THEME_MAX},
	[AREA] = {"areas", THEME_MAX_AREAS},
};

struct list {
	struct theme *all;
	int n;
	struct phrases *words;
	const char **word;  /* as the setting has it */
	uint16_t *of_word;  /* word to theme */
};

struct theme_rules {
	struct list lists[N_THEME_KINDS];
};

static json_t *list_of(const json_t *settings, enum theme_kind kind)
{
	return jsonx_arr(json_object_get(settings, "webcare"), lists[kind].key);
}

/* ---------------------------------------------------------------- what is wrong */

struct wrongs {
	struct bad_setting *problems;
	int n, max;
	const char *list;
	size_t at;
};

static void wrong(struct wrongs *w, const char *key, const char *why)
{
	if (w->n < w->max) {
		snprintf(w->problems[w->n].field, sizeof w->problems[w->n].field, "%s[%zu]%s%s", w->list, w->at,
			 *key ? "." : "", key);
		w->problems[w->n].why = why;
	}
	w->n++;
}

static bool is_id(const char *s)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return n && n <= 40 && !s[n];
}

static bool is_name(const char *s)
{
	return s && *s && strlen(s) <= THEME_NAME_BYTES;
}

/* words with one blank between them, the last of which may end with ~ */
static bool is_word(const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = s ? strlen(s) : 0;

	if (n < 2 || n > THEME_WORD_BYTES || *s == ' ' || s[n - 1] == ' ' || strstr(s, "  ") || strpbrk(s, "|?*\t\n"))
		return false;
	return !strchr(s, '~') || (strchr(s, '~') == s + n - 1 && n > 3 && s[n - 2] != ' ');
}

static void check_words(struct wrongs *w, const json_t *words)
{
	const json_t *v;
	size_t i;

	if (!json_is_array(words) || json_array_size(words) > THEME_MAX_WORDS)
		wrong(w, "words", "is a list of at most 40 words");
	json_array_foreach(words, i, v)
		if (!is_word(v)) {
			wrong(w, "words", "a word is 2 to 60 bytes; only its end may be ~");
			return;
		}
}

static void check_one(struct wrongs *w, const json_t *one, bool theme)
{
	const json_t *v;
	const char *key;

	if (!json_is_object(one)) {
		wrong(w, "", "is an object");
		return;
	}
	if (!is_id(jsonx_str(one, "id")))
		wrong(w, "id", "is 1 to 40 of a-z, 0-9 and -");
	if (!is_name(jsonx_str(one, "name")))
		wrong(w, "name", "is a text of 1 to 80 bytes");
	check_words(w, json_object_get(one, "words"));
	v = json_object_get(one, "department");
	if (v && (!theme || !is_name(json_string_value(v))))
		wrong(w, "department", theme ? "is a text of 1 to 80 bytes" : "is of a theme, not of an area");
	json_object_foreach((json_t *)one, key, v)
		if (strcmp(key, "id") && strcmp(key, "name") && strcmp(key, "words") && strcmp(key, "department"))
			wrong(w, "", "has a key that is not known");
}

static bool named_before(const json_t *list, size_t n)
{
	const char *id = jsonx_str(json_array_get(list, n), "id");

	for (size_t i = 0; id && i < n; i++) {
		const char *other = jsonx_str(json_array_get(list, i), "id");

		if (other && !strcmp(other, id))
			return true;
	}
	return false;
}

static void check_list(struct wrongs *w, const json_t *list, enum theme_kind kind)
{
	w->list = lists[kind].key;
	w->at = 0;
	if (!list)
		return;
	if (!json_is_array(list) || json_array_size(list) > (size_t)lists[kind].max) {
		wrong(w, "", kind == THEME ? "is a list of at most 60" : "is a list of at most 150");
		return;
	}
	for (w->at = 0; w->at < json_array_size(list); w->at++) {
		check_one(w, json_array_get(list, w->at), kind == THEME);
		if (named_before(list, w->at))
			wrong(w, "id", "stands there twice");
	}
}

int theme_check(const json_t *settings, struct bad_setting *problems, int max)
{
	const json_t *webcare = json_object_get(settings, "webcare");
	struct wrongs w = {problems, 0, max, NULL, 0};

	for (int kind = 0; kind < N_THEME_KINDS; kind++)
		check_list(&w, json_object_get(webcare, lists[kind].key), (enum theme_kind)kind);
	return w.n;
}

/* ---------------------------------------------------------------- rules */

static bool has(const json_t *list, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (id && jsonx_str(one, "id") && !strcmp(jsonx_str(one, "id"), id))
			return true;
	return false;
}

static bool usable(const json_t *one, const json_t *but)
{
	return is_id(jsonx_str(one, "id")) && is_name(jsonx_str(one, "name")) && !has(but, jsonx_str(one, "id"));
}

static void take(struct list *l, const json_t *one, int *n_words)
{
	const json_t *words = jsonx_arr(one, "words"), *v;
	int before = *n_words;
	size_t i;

	json_array_foreach(words, i, v) {
		if (i == THEME_MAX_WORDS || !is_word(v))
			continue;
		l->word[*n_words] = json_string_value(v);
		l->of_word[(*n_words)++] = (uint16_t)l->n;
	}
	if (*n_words > before)
		l->all[l->n++] = (struct theme){jsonx_str(one, "id"), jsonx_str(one, "name"), jsonx_str(one, "department")};
}

/* what was written past the API and is wrong is left out */
static void take_all(struct list *l, const json_t *list, const json_t *but, int max, int *n_words)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (l->n < max && usable(one, but))
			take(l, one, n_words);
}

/* no more than is taken of it */
static size_t words_in(const json_t *list)
{
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(list, i, one) n += json_array_size(jsonx_arr(one, "words"));
	return n;
}

static void make_list(struct arena *a, struct list *l, const json_t *region, const json_t *own, int max)
{
	size_t n_words = words_in(region) + words_in(own);
	const char **folded;
	int n = 0;

	l->all = arena_array(a, struct theme, (size_t)max);
	l->word = arena_array(a, const char *, n_words);
	l->of_word = arena_array(a, uint16_t, n_words);
	take_all(l, own, NULL, max, &n);
	take_all(l, region, own, max, &n);
	folded = arena_array(a, const char *, (size_t)n);
	for (int i = 0; i < n; i++)
		folded[i] = utf8_fold(a, l->word[i]);
	l->words = phrases_new(a, folded, (size_t)n, false);
}

struct theme_rules *theme_rules_new(struct arena *a, const json_t *region, const json_t *municipality)
{
	struct theme_rules *r = arena_new_of(a, struct theme_rules);
	int n = 0;

	for (int kind = 0; kind < N_THEME_KINDS; kind++) {
		const json_t *common = list_of(region, (enum theme_kind)kind), *own = list_of(municipality, (enum theme_kind)kind);

		if (json_array_size(common) || json_array_size(own))
			make_list(a, &r->lists[kind], common, own, lists[kind].max);
		n += r->lists[kind].n;
	}
	return n ? r : NULL;
}

static void show(json_t *shown, const json_t *list, const json_t *but, const char *from)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		json_t *copy;

		if (!usable(one, but) || !json_array_size(jsonx_arr(one, "words")))
			continue;
		copy = json_copy((json_t *)one);
		jsonx_put(copy, "from", from);
		json_array_append_new(shown, copy);
	}
}

json_t *theme_shown(const json_t *region, const json_t *municipality)
{
	json_t *all = json_object();

	for (int kind = 0; kind < N_THEME_KINDS; kind++) {
		const json_t *own = list_of(municipality, (enum theme_kind)kind);
		json_t *shown = json_array();

		show(shown, own, NULL, "municipality");
		show(shown, list_of(region, (enum theme_kind)kind), own, "region");
		json_object_set_new(all, lists[kind].key, shown);
	}
	return all;
}

int theme_count(const struct theme_rules *r, enum theme_kind kind)
{
	return r ? r->lists[kind].n : 0;
}

const struct theme *theme_at(const struct theme_rules *r, enum theme_kind kind, int i)
{
	return &r->lists[kind].all[i];
}

const struct theme *theme_known(const struct theme_rules *r, enum theme_kind kind, const char *id)
{
	for (int i = 0; id && i < theme_count(r, kind); i++)
		if (!strcmp(theme_at(r, kind, i)->id, id))
			return theme_at(r, kind, i);
	return NULL;
}

/* ---------------------------------------------------------------- a text */

struct finding {
	const struct list *l;
	uint16_t hits[THEME_MAX_AREAS];
	const char *word[THEME_MAX_AREAS][THEME_MAX_FOUND];
};

static bool count(void *ctx, size_t word)
{
	struct finding *f = ctx;
	uint16_t t = f->l->of_word[word];

	for (int i = 0; i < f->hits[t] && i < THEME_MAX_FOUND; i++)
		if (f->word[t][i] == f->l->word[word])
			return false;      /* saying it again makes it no more */
	if (f->hits[t] < THEME_MAX_FOUND)
		f->word[t][f->hits[t]] = f->l->word[word];
	f->hits[t]++;
	return false;
}

struct theme_found theme_find(const struct theme_rules *r, enum theme_kind kind, const struct phrase_words *text)
{
	struct finding f = {.l = r ? &r->lists[kind] : NULL};
	struct theme_found found = {.is = NULL};
	int best = -1;

	if (!theme_count(r, kind))
		return found;
	phrase_each(f.l->words, text, count, &f);
	for (int t = 0; t < f.l->n; t++)
		if (f.hits[t] && (best < 0 || f.hits[t] > f.hits[best]))
			best = t;
	if (best < 0)
		return found;
	found.is = &f.l->all[best];
	found.n_because = f.hits[best] < THEME_MAX_FOUND ? f.hits[best] : THEME_MAX_FOUND;
	memcpy(found.because, f.word[best], sizeof found.because);
	return found;
}
