/*
 * err.h - the three kinds of result
 *
 * A function returns 0 (it worked), > 0 (an expected outcome, from the enum beside
 * the function) or < 0 (the world failed, and struct err says what). A negative
 * result travels up unchanged and is logged once, where the operation ends.
 */
#ifndef LOKET_ERR_H
#define LOKET_ERR_H

#include <stdarg.h>
#include <stdbool.h>

enum err_kind {
	ERR_NONE = 0,
	ERR_IO,       /* a file or socket of this machine */
	ERR_PG,       /* PostgreSQL answered with an error; sqlstate is set */
	ERR_LOST,     /* the connection went while we waited: outcome unknown */
	ERR_BUSY,     /* a limit of ours is reached; try again later */
	ERR_REMOTE,   /* another system answered badly or not in time */
	ERR_FORMAT,   /* bytes that are not what they claim */
};

struct err {
	enum err_kind kind;
	char sqlstate[6];   /* five characters, "" unless kind is ERR_PG */
	char text[200];     /* for operators; never holds what a citizen wrote */
};

/*
 * err_set - fill e and return -1, so that callers can write: return err_set(e, ...)
 * in       e may be NULL; fmt and its arguments must not carry personal data
 */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* err_sqlstate_class - is it an answer of PostgreSQL of this class, two characters: "40", "57"? */
bool err_sqlstate_class(const struct err *e, const char *class);
/* err_is_refusal - did PostgreSQL refuse the data itself, now and always, and not the moment? Classes 22 (data
 * exception), 23 (constraint violation), 54 (a limit). source: PostgreSQL 15, appendix A, read 2026-11-21 */
bool err_is_refusal(const struct err *e);
/* err_is_passing - could PostgreSQL not do it at this moment, and did nothing of it? The same again may work: classes 08
 * (connection), 40 (rolled back for others' sake), 53 (resources), 57 (operator, timeouts), 58 (disk), and 55P03 (a lock) */
bool err_is_passing(const struct err *e);

#endif
