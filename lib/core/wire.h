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

enum wire_type { WIRE_TEXT, WIRE_INT, WIRE_BOOL, WIRE_TIME, WIRE_JSON, WIRE_FLOAT };

/* wire_put - obj[name] = value as text of PostgreSQL; NULL leaves it out */
int wire_put(json_t *obj, const char *name, enum wire_type type, const char *value);
/* wire_mask - mask BSN and IBAN in what people wrote: "text", "note", "action", and every string inside
 * "fields" and "attachments" */
void wire_mask(json_t *row);

#endif
