#include "lib/base/err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->kind = kind;
	e->sqlstate[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return -1;
}

bool err_sqlstate_class(const struct err *e, const char *class)
{
	return e->kind == ERR_PG && !strncmp(e->sqlstate, class, 2);
}

bool err_is_refusal(const struct err *e)
{
	return err_sqlstate_class(e, "22") || err_sqlstate_class(e, "23") || err_sqlstate_class(e, "54");
}

bool err_is_passing(const struct err *e)
{
	static const char *const classes[] = { "08", "40", "53", "57", "58" };

	for (int i = 0; i < (int)(sizeof classes / sizeof *classes); i++)
		if (err_sqlstate_class(e, classes[i]))
			return true;
	return e->kind == ERR_PG && !strcmp(e->sqlstate, "55P03");
}
