/*
 * status.h - what a citizen is told of a case: where it is now, what happens next and before when
 *
 * In plain words (lib/core/texts), and nothing about a person: neither who asked nor who works on it.
 */
#ifndef LOKET_STATUS_H
#define LOKET_STATUS_H

#include "lib/core/case_file.h"
#include "lib/core/texts.h"

#include <stdbool.h>
#include <stdint.h>

/* times are 0 when there are none */
struct status_facts {
	enum case_state state;
	enum case_outcome outcome;
	int64_t due_us;      /* by the norm */
	int64_t promised_us; /* a person answers or calls before then */
	int64_t called_us;   /* an open promise to call back */
	bool task;           /* a department works on it */
	int64_t task_us;     /* the first of its dates */
};

struct status {
	const char *word; /* of the contract */
	enum text_kind now, next;
	int64_t before_us; /* 0: nothing more is promised, or it is late */
	bool takes_messages;
};

struct status status_of(const struct status_facts *f, int64_t now_us);

#endif
