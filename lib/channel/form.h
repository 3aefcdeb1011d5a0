/*
 * form.h - what browsers and forms send: urlencoded and multipart/form-data
 *
 * source   WHATWG URL Standard §5.1 (urlencoded), RFC 7578 (multipart), read 2026-11-21
 */
#ifndef LOKET_FORM_H
#define LOKET_FORM_H

#include "lib/base/arena.h"
#include "lib/channel/channel.h"

enum {
	FORM_MAX_FIELDS = 200,
	FORM_MAX_PAIRS = 1000,
	FORM_MAX_FILES = 20,
	FORM_MAX_NAME = 100,                 /* bytes of a field's name */
	FORM_MAX_VALUE = CONTACT_TEXT_BYTES,
	FORM_MAX_FILE_BYTES = 20 << 20,      /* of one file; the route bounds the body */
	FORM_MAX_FILE_NAME = 120,
	FORM_MAX_HEADER = 2000,              /* of one part */
};

struct form_field {
	const char *name, *value;            /* NFC; bytes that are not UTF-8 became U+FFFD */
};

struct form_file {
	const char *field, *name, *media_type;
	struct bytes content;
};

struct form {
	struct form_field fields[FORM_MAX_FIELDS];
	int n_fields;
	struct form_file files[FORM_MAX_FILES];
	int n_files;
};

enum form_outcome { FORM_BAD = 1, FORM_TOO_MUCH };

/* a pair as it was sent, without the escapes: what some providers sign */
struct form_pair {
	struct bytes name, value;
};

/* form_pairs - the pairs of a query or body, nothing cleaned or left out; NULL when there are more than
 * FORM_MAX_PAIRS */
struct form_pair *form_pairs(struct arena *a, struct bytes in, int *n);
/* form_urlencoded - pairs of a query or body. 0 or enum form_outcome */
int form_urlencoded(struct arena *a, struct bytes in, struct form *out);
/* form_multipart - fields and files; content_type holds the boundary. 0 or enum form_outcome */
int form_multipart(struct arena *a, const char *content_type, struct bytes in, struct form *out);
/* form_get - the value of a name; NULL when it is absent or stands there twice */
const char *form_get(const struct form *f, const char *name);
/* form_file_name - only the last part of a path, without control characters, bidi controls and what file
 * systems or shells trip over; "bestand" when nothing is left */
const char *form_file_name(struct arena *a, const char *name);
/* form_is_type - is the media type of a Content-Type header this one (without parameters, any case)? */
bool form_is_type(const char *content_type, const char *type);

#endif
