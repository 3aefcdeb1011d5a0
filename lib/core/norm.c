#include "lib/core/norm.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const names[N_NORM_KINDS] = {"question", "report", "formal"};

const char *norm_kind_name(enum norm_kind kind)
{
	return names[kind];
}

bool norm_key(const char *key, char channel[NORM_CHANNEL_BYTES])
{
	size_t n = strcspn(key, ".");

	if (n == 0 || n >= NORM_CHANNEL_BYTES)
		return false;
	snprintf(channel, NORM_CHANNEL_BYTES, "%.*s", (int)n, key);
	for (int k = 0; key[n] != '\0' && k < N_NORM_KINDS; k++)
		if (!strcmp(key + n + 1, names[k]))
			return true;
	return key[n] == '\0';
}

/* written past the API it may be anything: then it says nothing */
static int said(const json_t *settings, const char *key)
{
	json_int_t s = json_integer_value(json_object_get(json_object_get(settings, "norms"), key));

	return s > 0 && s <= INT_MAX ? (int)s : 0;
}

static int over(const json_t *region, const json_t *own, const char *key)
{
	int s = said(own, key);

	return s ? s : said(region, key);
}

int norm_seconds(const json_t *region, const json_t *own, const char *channel, enum norm_kind kind)
{
	char key[2 * NORM_CHANNEL_BYTES];
	int s;

	snprintf(key, sizeof key, "%s.%s", channel, names[kind]);
	s = over(region, own, key);
	return s ? s : over(region, own, channel);
}
