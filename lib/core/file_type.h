/*
 * file_type.h - which kinds of files agents get to see, and how each is handed out
 *
 * Decided by what a file is, not by what its sender calls it. What is not on the list stays in quarantine: programs,
 * pages with scripts, archives (nobody could say what is in them), and what nobody recognises.
 */
#ifndef LOKET_FILE_TYPE_H
#define LOKET_FILE_TYPE_H

#include "lib/base/arena.h"

struct file_type {
	const char *found;           /* as libmagic says */
	const char *served;          /* Content-Type */
	const char *ending;          /* of the name it is saved under */
};

/* file_type_find - NULL: not for agents. Also by the served name */
const struct file_type *file_type_find(const char *found);
/*
 * file_type_name - a name that is safe on any system: letters and digits of ASCII, and the ending of the type
 * in       name: as the sender gave it, may be NULL
 */
const char *file_type_name(struct arena *a, const struct file_type *t, const char *name);
/*
 * file_type_disposition - the header "Content-Disposition: attachment; …" with file_type_name
 */
const char *file_type_disposition(struct arena *a, const struct file_type *t, const char *name);

#endif
