/*
 * protocol.h - how a municipality answers in public, as data: questions one after the other, and what they lead to
 *
 * {"webcare": {"protocol": [{"id": "voor-ons", "question": "Gaat het over de gemeente?", "help": "…", "answers": [{"id": "ja",
 * "text": "Ja", "next": "toon"}, {"id": "nee", "text": "Nee", "advice": {"action": "done", "say": "…"}}]}, …]}}. The first step
 * is where it begins; "next" is a later one, so that it always ends. A municipality's own replaces that of its region. It
 * advises; a person decides, and the logbook has both.
 */
#ifndef LOKET_PROTOCOL_H
#define LOKET_PROTOCOL_H

#include "lib/core/hours.h"

#include <jansson.h>

enum { PROTOCOL_MAX_STEPS = 50, PROTOCOL_MAX_ANSWERS = 9, PROTOCOL_TEXT_BYTES = 500, PROTOCOL_MAX_PROBLEMS = 32 };

/*
 * protocol_check - what is wrong with settings.webcare.protocol; as hours_read
 * in       actions: what can be advised; NULL ends them
 */
int protocol_check(const json_t *settings, const char *const *actions, struct bad_setting *problems, int max);

/* protocol_of - the steps in force, NULL when there are none; *from: "municipality" or "region". Borrowed */
json_t *protocol_of(const json_t *region, const json_t *municipality, const char **from);

/*
 * protocol_take - an answer to a step is added to what was answered before
 * in       path: [{"step", "answer"}, …] in order
 * returns  a new path. A step that was answered before is answered anew, and what came after it is gone. NULL: this step is
 *          not the next, and was not taken either; or it has no such answer. New reference
 */
json_t *protocol_take(const json_t *steps, const json_t *path, const char *step, const char *answer);

/*
 * protocol_shown - where a path leads
 * returns  {"taken": path, "next": step} or {"taken": path, "advice": {"action", "say"?}}. What the path took that is no
 *          longer set up ends it there. New reference
 */
json_t *protocol_shown(const json_t *steps, const json_t *path);

#endif
