#include "lib/core/contact.h"

#include "lib/base/utf8.h"

#include <string.h>

static const char *const kinds[N_KINDS] = {
	[KIND_TEXT] = "text",         [KIND_MEDIA] = "media",   [KIND_LOCATION] = "location",
	[KIND_CONTACTS] = "contacts", [KIND_REACTION] = "reaction", [KIND_CHOICE] = "choice",
	[KIND_FORM] = "form",         [KIND_CALL] = "call",     [KIND_EDIT] = "edit",
	[KIND_DELETE] = "delete",     [KIND_SYSTEM] = "system", [KIND_UNSUPPORTED] = "unsupported",
};

static const char *const deliveries[N_DELIVERIES] = {
	[DELIVERY_NONE] = "none",           [DELIVERY_QUEUED] = "queued", [DELIVERY_SENDING] = "sending",
	[DELIVERY_UNCERTAIN] = "uncertain", [DELIVERY_SENT] = "sent",     [DELIVERY_DELIVERED] = "delivered",
	[DELIVERY_READ] = "read",           [DELIVERY_FAILED] = "failed",
};

static const char *const flags[N_FLAGS] = {
	"option0", "formal", "bsnMasked", "spam", "bidi", "edited", "deleted", "cut", "echo", "flood", "blocked", "automatic",
};

static int index_of(const char *const *words, int n, const char *s)
{
	for (int i = 0; s && i < n; i++) {
		if (!strcmp(words[i], s))
			return i;
	}
	return -1;
}

const char *contact_kind_name(enum contact_kind k)
{
	return kinds[k];
}

const char *delivery_name(enum delivery d)
{
	return deliveries[d];
}

const char *contact_flag_name(enum contact_flag one_bit)
{
	return flags[__builtin_ctz((unsigned)one_bit | 1u << (N_FLAGS - 1))];
}

json_t *contact_flags_json(unsigned bits)
{
	json_t *arr = json_array();

	for (int i = 0; i < N_FLAGS; i++) {
		if (bits & 1u << i)
			json_array_append_new(arr, json_string(flags[i]));
	}
	return arr;
}

int contact_kind_from(const char *s)
{
	return index_of(kinds, N_KINDS, s);
}

int delivery_from(const char *s)
{
	return index_of(deliveries, N_DELIVERIES, s);
}

bool delivery_moves(enum delivery from, enum delivery to)
{
	if (from == DELIVERY_FAILED || to <= from)
		return false;
	return to != DELIVERY_FAILED || from < DELIVERY_DELIVERED;
}

bool contact_opens_case(const struct contact *c)
{
	switch (c->kind) {
	case KIND_EDIT:
	case KIND_DELETE:
	case KIND_REACTION:
	case KIND_SYSTEM:
		return false;
	default:
		return c->direction == DIRECTION_IN;
	}
}

const char *contact_post(const struct contact *c)
{
	const char *post = json_string_value(json_object_get(c->fields, "post"));

	if (c->visibility != VISIBILITY_PUBLIC)
		return NULL;
	return post && *post ? post : c->provider_id;
}

void contact_set_text(struct arena *a, struct contact *c, const char *text)
{
	size_t n = strlen(text);

	c->text = utf8_clean(a, (struct bytes){ (const uint8_t *)text, n }, CONTACT_TEXT_BYTES);
	if (n > CONTACT_TEXT_BYTES && strlen(c->text) + 4 > CONTACT_TEXT_BYTES)
		c->flags |= FLAG_CUT;
	if (utf8_has_bidi(c->text))
		c->flags |= FLAG_BIDI;
}

void contact_add_address(struct contact *c, const char *kind, const char *value)
{
	for (int i = 0; value && i < c->n_from; i++) {
		if (!strcmp(c->from[i].kind, kind) && !strcmp(c->from[i].value, value))
			return;
	}
	if (value && c->n_from < CONTACT_MAX_ADDRESSES)
		c->from[c->n_from++] = (struct contact_address){ kind, value };
}

/* Dutch numbers in any notation, others in international form. Service numbers (14 078, 0800-…) are
 * nobody's address. */
const char *contact_phone(struct arena *a, const char *s)
{
	char digits[24];
	const char *p = digits;
	size_t n = 0;
	bool plus;

	while (*s == ' ')
		s++;
	plus = *s == '+';
	for (; *s; s++) {
		if (*s >= '0' && *s <= '9' && n < sizeof digits - 1)
			digits[n++] = *s;
		else if (!strchr("+ -().", *s))
			return NULL;
	}
	digits[n] = '\0';
	if (!plus && p[0] == '0' && p[1] == '0')
		p += 2;
	else if (!plus && p[0] == '0')
		p = arena_printf(a, "31%s", p + 1);
	else if (!plus)
		return NULL;
	if (!strncmp(p, "310", 3)) /* +31 (0)6 … */
		p = arena_printf(a, "31%s", p + 3);
	n = strlen(p);
	if (n < 8 || n > 15 || *p == '0' || (!strncmp(p, "31", 2) && n != 11))
		return NULL;
	return arena_join(a, "+", p, NULL);
}

const char *contact_address_kept(struct arena *a, const char *kind, const char *value)
{
	bool is_phone = kind != NULL && strcmp(kind, "phone") == 0;
	const char *phone = kind == NULL || is_phone ? contact_phone(a, value) : NULL;

	if (phone == NULL && is_phone)
		phone = contact_phone(a, arena_printf(a, "+%s", value));
	if (phone != NULL)
		return phone;
	return strchr(value, '@') != NULL && (kind == NULL || strcmp(kind, "email") == 0) ? utf8_fold(a, value) : value;
}
