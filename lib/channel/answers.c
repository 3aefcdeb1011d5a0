#include "lib/channel/answers.h"

#include "lib/base/hmac.h"
#include "lib/base/jsonx.h"
#include "lib/base/utf8.h"

#include <string.h>
#include <strings.h>

enum { MAX_NAME = 200, MAX_EMAIL = 254, MAX_PRODUCT = 60, MAX_NAMES = 10 };

/* what people call their fields; compared without case */
static const struct known {
	const char *role;                    /* in settings.mapping */
	const char *names[MAX_NAMES];
} known[] = {
	{ "name", { "naam", "name", "volledige_naam", "volledigeNaam", "fullName", "contactpersoon" } },
	{ "first", { "voornaam", "voornamen", "firstName", "firstNames", "voorletters", "initials" } },
	{ "middle", { "tussenvoegsel", "tussenvoegsels", "affixes" } },
	{ "last", { "achternaam", "lastName", "familyName" } },
	{ "email", { "email", "e-mail", "emailadres", "e-mailadres", "eMailadres", "mail" } },
	{ "phone", { "telefoon", "telefoonnummer", "phone", "mobiel", "tel", "mobile", "phoneNumber", "telnr" } },
	{ "text", { "bericht", "vraag", "toelichting", "omschrijving", "opmerking", "message",
	            "tekst", "text", "question" } },
	{ "product", { "product" } },
	{ "option0", { "option0", "hulp", "digitale_hulp", "digitaleHulp", "optie0" } },
};

static const char *const *names_of(const char *role)
{
	size_t i = 0;

	while (i + 1 < sizeof known / sizeof *known && strcmp(known[i].role, role) != 0)
		i++;
	return known[i].names;
}

/* what was answered, and under which name */
struct answer {
	const json_t *value;
	const char *name;
};

static struct answer by_name(const json_t *fields, const char *const *names)
{
	for (int i = 0; i < MAX_NAMES && names[i]; i++) {
		const char *key;
		json_t *v;

		json_object_foreach((json_t *)fields, key, v) {
			if (!strcasecmp(key, names[i]) && !json_is_null(v))
				return (struct answer){ v, key };
		}
	}
	return (struct answer){ NULL, "" };
}

/* one form: where to look, and whom to tell what is wrong */
struct reader {
	struct arena *a;
	const json_t *mapping, *root, *fields;
	json_t *bad;
};

/* the answer with this role, by the mapping of the inbox or by a name we know */
static struct answer answer(const struct reader *r, const char *role)
{
	const char *pointer = jsonx_str(r->mapping, role);

	if (pointer)
		return (struct answer){ jsonx_at(r->root, pointer), pointer };
	return by_name(r->fields, names_of(role));
}

/* text without blanks around it; NULL for what is empty or no text */
static const char *trimmed(struct arena *a, const json_t *j, size_t max)
{
	const char *s = json_string_value(j);
	size_t n;

	if (!s)
		return NULL;
	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
		s++;
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return n ? utf8_clean(a, (struct bytes){ (const uint8_t *)s, n }, max) : NULL;
}

const char *answers_email(struct arena *a, const char *s)
{
	char *copy = arena_str(a, s), *at = copy ? strchr(copy, '@') : NULL, *dot = at ? strrchr(at, '.') : NULL;

	if (!copy || strlen(copy) > MAX_EMAIL || !at || at == copy || at - copy > 64 || strchr(at + 1, '@') || !dot ||
	    dot == at + 1 || !dot[1] || at[1] == '.' || strstr(copy, ".."))
		return NULL;
	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p <= ' ' || strchr("<>(),;:\\\"[]\x7f", *p))
			return NULL;
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	}
	return copy;
}

void answers_bad(json_t *bad, const char *name, const char *reason)
{
	if (bad)
		json_array_append_new(bad, json_pack("{s:s,s:s}", "name", name, "reason", reason));
}

/* *name: what the form calls it */
static const char *text_answer(const struct reader *r, const char *role, size_t max, const char **name)
{
	struct answer it = answer(r, role);

	*name = it.name;
	if (it.value && !json_is_string(it.value) && !json_is_null(it.value))
		answers_bad(r->bad, it.name, "must be text");
	return trimmed(r->a, it.value, max);
}

/* in one field, or in the parts that Dutch forms ask for */
static const char *full_name(const struct reader *r)
{
	const char *field, *whole = text_answer(r, "name", MAX_NAME, &field);
	const char *first = text_answer(r, "first", MAX_NAME, &field);
	const char *middle = text_answer(r, "middle", MAX_NAME, &field);
	const char *last = text_answer(r, "last", MAX_NAME, &field);

	if (whole || (!first && !last))
		return whole;
	if (!first || !last)
		return first ? first : last;
	return arena_printf(r->a, "%s %s%s%s", first, middle ? middle : "", middle ? " " : "", last);
}

static void read_addresses(const struct reader *r, const char *key, struct contact *c)
{
	const char *email_field, *phone_field;
	const char *email = text_answer(r, "email", CONTACT_TEXT_BYTES, &email_field);
	const char *phone = text_answer(r, "phone", MAX_NAME, &phone_field);
	const char *good_email = answers_email(r->a, email);
	const char *good_phone = phone ? contact_phone(r->a, phone) : NULL;

	if (email && !good_email)
		answers_bad(r->bad, email_field, "is no e-mail address");
	if (phone && !good_phone)
		answers_bad(r->bad, phone_field, "is no telephone number");
	contact_add_address(c, "email", good_email);
	contact_add_address(c, "phone", good_phone);
	if (!c->n_from)
		contact_add_address(c, "form", key);
}

const char *answers_product(struct arena *a, const json_t *j)
{
	const char *s = trimmed(a, j, MAX_PRODUCT);

	return s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s) ? s : NULL;
}

/* the form's own mapping, else that of the inbox */
static const json_t *mapping_of(const struct inbox *in, const json_t *root)
{
	const json_t *forms = jsonx_obj(in->settings, "forms"), *metadata = jsonx_obj(root, "metadata");
	const char *names[] = { jsonx_str(root, "form"), jsonx_str(metadata, "form_id"), jsonx_str(metadata, "form_name") };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *mapping = names[i] ? jsonx_obj(jsonx_obj(forms, names[i]), "mapping") : NULL;

		if (mapping)
			return mapping;
	}
	return jsonx_obj(in->settings, "mapping");
}

void answers_read(struct arena *a, const struct inbox *in, const json_t *root, const json_t *fields,
		  const char *key, struct contact *c, json_t *bad)
{
	const struct reader r = { a, mapping_of(in, root), root, fields, bad };
	const char *field, *text = text_answer(&r, "text", 4 * CONTACT_TEXT_BYTES, &field);
	const char *language = jsonx_str(r.mapping, "language");

	c->name = full_name(&r);
	c->product = answers_product(a, answer(&r, "product").value);
	if (!c->product)
		c->product = answers_product(a, json_object_get(root, "product"));
	read_addresses(&r, key, c);
	if (text)
		contact_set_text(a, c, text);
	if (language)
		c->language = answers_language(a, json_string_value(jsonx_at(root, language)));
	if (answers_yes(answer(&r, "option0").value) || answers_yes(by_name(root, names_of("option0")).value))
		c->flags |= FLAG_OPTION0;
}

const char *answers_language(struct arena *a, const char *s)
{
	char two[3] = "";

	for (int i = 0; s && i < 2; i++) {
		char low = (char)(s[i] | 32);

		if (low < 'a' || low > 'z')
			return NULL;
		two[i] = low;
	}
	return s && strchr("-_", s[2]) ? arena_str(a, two) : NULL;
}

bool answers_yes(const json_t *j)
{
	static const char *const yes[] = { "true", "1", "ja", "yes", "on" };
	const char *s = json_string_value(j);

	for (size_t i = 0; s && i < sizeof yes / sizeof *yes; i++) {
		if (!strcasecmp(s, yes[i]))
			return true;
	}
	return json_is_true(j) || (json_is_integer(j) && json_integer_value(j) == 1);
}

const char *answers_kind(const char *media_type)
{
	static const char *const kinds[] = { "image", "audio", "video" };

	for (size_t i = 0; media_type && i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i]);

		if (!strncmp(media_type, kinds[i], n) && media_type[n] == '/')
			return kinds[i];
	}
	return "file";
}

bool answers_attach(struct arena *a, struct contact *c, const struct form_file *file)
{
	if (c->n_attachments == FORM_MAX_FILES)
		return false;
	if (!c->attachments)
		c->attachments = arena_array(a, struct contact_attachment, FORM_MAX_FILES);
	c->attachments[c->n_attachments++] = (struct contact_attachment){
		.kind = answers_kind(file->media_type), .media_type = file->media_type, .name = file->name,
		.state = "stored", .n_bytes = (int64_t)file->content.len, .content = file->content,
	};
	return true;
}

const char *answers_body_key(struct arena *a, const char *salt, struct bytes body)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	/* the salt says what is hashed, it keeps no secret */
	hmac_sha256(salt, body, digest);
	hex_encode(digest, sizeof digest, hex);
	return arena_printf(a, "sha256:%s", hex);
}

const char *answers_receipt(struct arena *a, const char *reference, const char *secret, int64_t received_us,
			    int *status)
{
	json_t *j = jsonx_own(a, json_object());

	jsonx_put(j, "reference", reference);
	jsonx_put(j, "secret", secret);
	jsonx_put_time(j, "receivedAt", received_us);
	*status = 201;
	return jsonx_dump(a, j, NULL);
}
