/*
 * wire.h - rows to the JSON of the contract
 *
 * SQL files name their columns as the contract does ("receivedAt"); wire turns a row into an object:
 * text to string, numbers and booleans as they are, timestamptz as RFC 3339, json(b) parsed, SQL NULL
 * left out. What guard masks is masked here, for whoever may not see it.
 */
#ifndef LOKET_WIRE_H
#define LOKET_WIRE_H

#include "lib/base/arena.h"

#include <jansson.h>
#include <stdbool.h>

enum wire_written { WIRE_OURS, WIRE_WRITTEN, WIRE_FILES };
enum wire_type { WIRE_TEXT, WIRE_INT, WIRE_BOOL, WIRE_TIME, WIRE_JSON, WIRE_FLOAT };

/* wire_put - obj[name] = value as text of PostgreSQL; NULL leaves it out */
int wire_put(json_t *obj, const char *name, enum wire_type type, const char *value);
/* wire_mask - mask BSN and IBAN in what people wrote: "text", "note", "action", every string inside "fields", and how the
 * sender calls what is in "attachments" */
void wire_mask(json_t *row);
/* wire_mask_file - the same of one attachment: its id, digest and size are ours, and stay */
void wire_mask_file(json_t *file);

/* rows as JSON text, for lists so long that making objects of them is what an answer costs; zero it first */
struct wire_text {
	char *s; /* malloc; NUL-terminated once something was written. The caller frees it */
	size_t len, room;
};

/* wire_add - what is JSON already, as it is */
void wire_add(struct wire_text *t, const char *json);
/*
 * wire_add_value - the value that wire_put would make of it; and what wire_mask would, when masked
 * in       value: not NULL, UTF-8; masked: what the key holds (wire_is_written), for who may not see all; else WIRE_OURS
 */
void wire_add_value(struct wire_text *t, enum wire_type type, const char *value, enum wire_written masked);
/* wire_is_written - is this a key that wire_mask looks at? */
enum wire_written wire_is_written(const char *name);

#endif
