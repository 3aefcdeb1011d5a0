#include "lib/core/help.h"

#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"

#include <string.h>

static const char *const ways[N_HELP_ASKED_BY] = {
	[HELP_KEY] = "key",       [HELP_TEXT] = "text", [HELP_FORM] = "form",
	[HELP_BUTTON] = "button", [HELP_BOT] = "bot",   [HELP_AGENT] = "agent",
};

const char *help_asked_by_name(enum help_asked_by by)
{
	return ways[by];
}

enum help_asked_by help_asked_by(const struct contact *c, const char *channel, bool in_words, bool by_agent)
{
	if (by_agent)
		return HELP_AGENT;
	if (c->kind == KIND_CALL)
		return HELP_KEY;
	if (in_words)
		return HELP_TEXT;
	if (c->kind == KIND_FORM)
		return HELP_FORM;
	return c->kind == KIND_CHOICE && !strcmp(channel, "chat") ? HELP_BOT : HELP_BUTTON;
}

const char *help_preference(const struct contact *c)
{
	static const char *const words[] = { "now", "callback", "counter" };
	const char *said = jsonx_str(c->fields, "preference");

	for (size_t i = 0; said && i < sizeof words / sizeof *words; i++)
		if (!strcmp(said, words[i]))
			return words[i];
	return NULL;
}

static const char *kept(struct arena *a, const char *s, size_t len, size_t max)
{
	const char *clean = utf8_clean(a, (struct bytes){ (const uint8_t *)s, len }, max);

	return clean && *clean ? clean : NULL;
}

const char *help_page(struct arena *a, const char *url)
{
	return url ? kept(a, url, strcspn(url, "?#"), HELP_PAGE_BYTES) : NULL;
}

const char *help_step(struct arena *a, const char *step)
{
	return step ? kept(a, step, strlen(step), HELP_STEP_BYTES) : NULL;
}

struct help_way help_way(const char *preference, bool coach, bool open, bool number)
{
	bool calls = preference && !strcmp(preference, "callback"),
	     comes = preference && !strcmp(preference, "counter");
	bool there = coach && open;
	struct help_way w = {NULL, there ? TEXT_HELP_NOW : TEXT_HELP_LATER};

	if (number && calls)
		w.call = "asked";
	else if (number && !there)
		w.call = open ? "noCoach" : "closed";
	if (comes)
		w.text = TEXT_COUNTER;
	else if (calls)
		w.text = number ? TEXT_CALLBACK : TEXT_CALLBACK_NUMBER;
	else if (w.call)
		w.text = TEXT_HELP_CALL;
	return w;
}
