/*
 * needs.h - what must be known to finish a question about a product, and what of it is there already
 *
 * A product says what it needs: [{"id": "kenteken", "label": "Kenteken", "fields": ["kenteken", "nummerbord"],
 * "party": "phone"}, …]. It is known when a field of a form or a conversation has it, or the party.
 */
#ifndef LOKET_NEEDS_H
#define LOKET_NEEDS_H

#include <jansson.h>

enum { NEEDS_MAX = 20 }; /* of a product; openapi.json has the other limits */

/* called for each thing that is wrong: field "needs[1].id" */
typedef void needs_wrong(void *arg, const char *field, const char *why);

/* needs_check - what the schema cannot say: ids that stand there twice */
void needs_check(const json_t *needs, needs_wrong *wrong, void *arg);

/*
 * needs_of - what is known and what is missing
 * in       fields: what contacts said, {"nummerbord": "AB-12-CD"}; party: {"name", "language", "addresses": [{"kind",
 *          "value"}]}, as the contract has it; each may be NULL. "party" of a need is name, language or a kind of address
 * returns  {"known": [{"id", "label", "text", "from": "contact" or "party"}], "missing": [{"id", "label"}]}, in the
 *          order of the product; what a contact says goes before what the party has. New reference
 */
json_t *needs_of(const json_t *needs, const json_t *fields, const json_t *party);

#endif
