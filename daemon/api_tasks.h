/* api_tasks.h - what making a task (api_tasks.c) and changing one (api_task_change.c) share */
#ifndef LOKET_API_TASKS_H
#define LOKET_API_TASKS_H

#include "daemon/work.h"
#include "lib/core/task.h"

extern const char *const task_states[]; /* NULL ends them */

/* what a body says of a task; NULL, nil or 0: it does not */
struct task_said {
	const char *department, *team, *action, *note;
	struct uuid owner;
	struct task_due {
		int64_t us, day; /* day: since 1970 */
		struct task_within within;
	} due;
	int64_t due_us, remind_us;
};

/* task_said - reads the body; required: department, action and due are. What is wrong is a bad field */
struct task_said task_said(struct api *a, bool required);
/*
 * task_settle - holds it against the case's municipality: fills due_us, and remind_us when due_us is new
 * in       was_due_us: until now, 0 when it is made; until_us: end of the term of the law, 0: none
 */
void task_settle(struct api *a, struct task_said *s, const char *municipality, int64_t was_due_us, int64_t until_us);

#endif
