/* config.c - the configuration file: read by libconfuse, checked against one table */
#include "daemon/config.h"
#include "daemon/config_table.h"
#include "lib/base/must.h"

#include <confuse.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, LIST, NUMBER, SWITCH };

static const struct option {
	const char *section, *name;
	enum kind kind;
	int64_t least, most;           /* TEXT: length; LIST: number of strings; NUMBER: value */
	const char *standard, *help;
	size_t offset, size;           /* in struct config */
} options[] = {
#define X(section, name, kind, least, most, standard, help)                                                   \
	{ section, #name, kind, least, most, standard, help, offsetof(struct config, name),                    \
	  sizeof ((struct config *)0)->name },
	CONFIG_OPTIONS(X)
#undef X
};

enum { N_OPTIONS = sizeof options / sizeof *options, MAX_SECTIONS = 12, MAX_MISTAKES = 20,
	MAX_FILE_BYTES = 1 << 16, MAX_TEXT = 200 };

/* libconfuse takes an end of file inside a section for a fine end: hence a last word of our own */
static const char last_line[] = "\n__end()\n";

struct mistake {
	int line;
	char text[MAX_TEXT];
};

/* one load; libconfuse gives its callbacks nothing of ours, hence the pointer beside it */
struct load {
	int n_lines;
	int seen[N_OPTIONS];           /* line, 0 when not given */
	bool ended;
	int stopped_at;                /* line of the mistake that ended this pass */
	struct mistake mistakes[MAX_MISTAKES];
	int n_mistakes;
};
static struct load *loading;

static void mistake(int line, const char *text)
{
	struct load *l = loading;

	if (line > l->n_lines) {
		line = l->n_lines;
		text = "the file ends inside a section, a list or an option";
	}
	for (int i = 0; i < l->n_mistakes; i++) {
		if (l->mistakes[i].line == line && !strcmp(l->mistakes[i].text, text))
			return;
	}
	if (l->n_mistakes == MAX_MISTAKES)
		return;
	l->mistakes[l->n_mistakes].line = line;
	snprintf(l->mistakes[l->n_mistakes++].text, MAX_TEXT, "%s", text);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[MAX_TEXT];

	vsnprintf(text, sizeof text, fmt, ap);
	loading->stopped_at = cfg ? cfg->line : 0;
	mistake(loading->stopped_at, text);
}

static int on_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	(void)opt, (void)argc, (void)argv;
	if (cfg->line > loading->n_lines)
		loading->ended = true;
	else
		mistake(cfg->line, "no such option '__end'");
	return 0;
}

/* ---- values, one by one */

static void check_text(cfg_t *cfg, const struct option *o, const char *s)
{
	const char *wrong = config_text_wrong(o->name, s);
	int64_t len = (int64_t)strlen(s);
	char text[MAX_TEXT];

	if (o->kind == TEXT && (len < o->least || len > o->most))
		wrong = "is too short or too long";
	if (!wrong)
		return;
	snprintf(text, sizeof text, "%s %s", o->name, wrong);
	mistake(cfg->line, text);
}

static void check_number(cfg_t *cfg, const struct option *o, int64_t v)
{
	char text[MAX_TEXT];

	if (v >= o->least && v <= o->most)
		return;
	snprintf(text, sizeof text, "%s must be from %lld to %lld", o->name, (long long)o->least, (long long)o->most);
	mistake(cfg->line, text);
}

/* after each value: libconfuse goes on whatever is wrong with it, so that all mistakes are told at once */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct option *o = options;
	char text[MAX_TEXT];

	while (strcmp(o->name, opt->name))
		o++;
	if (o->kind != LIST && loading->seen[o - options]) {
		snprintf(text, sizeof text, "%s is given twice (line %d)", o->name, loading->seen[o - options]);
		mistake(cfg->line, text);
	}
	loading->seen[o - options] = cfg->line;
	if (o->kind == NUMBER)
		check_number(cfg, o, cfg_opt_getnint(opt, 0));
	else if (o->kind == TEXT)
		check_text(cfg, o, cfg_opt_getnstr(opt, 0));
	else if (o->kind == LIST && cfg_opt_size(opt) > o->most)
		check_number(cfg, o, cfg_opt_size(opt));
	else if (o->kind == LIST && cfg_opt_size(opt) > 0)
		check_text(cfg, o, cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1));
	return 0;
}

/* ---- the table as libconfuse wants it */

static cfg_opt_t as_cfg_opt(const struct option *o)
{
	const char *standard = o->standard;
	cfg_opt_t text = CFG_STR(o->name, standard, CFGF_NONE);
	cfg_opt_t list = CFG_STR_LIST(o->name, (char *)standard, CFGF_NONE);   /* only read */
	cfg_opt_t number = CFG_INT(o->name, o->kind == NUMBER ? strtol(standard, NULL, 10) : 0, CFGF_NONE);
	cfg_opt_t on = CFG_BOOL(o->name, !strcmp(standard, "true") ? cfg_true : cfg_false, CFGF_NONE);

	switch (o->kind) {
	case TEXT:
		return text;
	case LIST:
		return list;
	case NUMBER:
		return number;
	case SWITCH:
		break;
	}
	return on;
}

/* options of one section stand together in the table */
static cfg_t *new_cfg(void)
{
	cfg_opt_t sections[MAX_SECTIONS][N_OPTIONS + 3], end = CFG_END();
	int n_sections = 0, n = 0, n_top = 0;
	const char *last = "";
	cfg_opt_t *top = sections[0];

	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option *o = &options[i];

		if (strcmp(o->section, last)) {
			cfg_opt_t sec = CFG_SEC(o->section, sections[n_sections + 1], CFGF_NONE);

			if (n_sections)
				sections[n_sections][n] = end;
			top[n_top++] = sec;
			n_sections++;
			n = 0;
			last = o->section;
		}
		if (*o->section)
			sections[n_sections][n++] = as_cfg_opt(o);
		else
			top[n_top++] = as_cfg_opt(o);
	}
	sections[n_sections][n] = end;
	top[n_top++] = (cfg_opt_t)CFG_FUNC("__end", on_end);
	top[n_top] = end;
	return cfg_init(top, CFGF_NONE);    /* copies */
}

static void option_path(const struct option *o, char out[64])
{
	snprintf(out, 64, "%s%s%s", o->section, *o->section ? "|" : "", o->name);
}

static cfg_t *parse(const char *text)
{
	cfg_t *cfg = new_cfg();
	char path[64];

	memset(loading->seen, 0, sizeof loading->seen);
	loading->ended = false;
	loading->stopped_at = 0;
	cfg_set_error_function(cfg, on_error);
	for (int i = 0; i < N_OPTIONS; i++) {
		option_path(&options[i], path);
		cfg_set_validate_func(cfg, path, on_value);
	}
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS && !loading->ended && !loading->stopped_at)
		mistake(loading->n_lines + 1, "");
	return cfg;
}

/* blank_line - take the line where a pass stopped out of the text; false when that cannot help */
static bool blank_line(char *text, int line)
{
	char *p = text;

	for (int i = 1; i < line && p; i++) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p || line < 1 || line > loading->n_lines)
		return false;
	size_t len = strcspn(p, "\n");
	if (memchr(p, '{', len) || memchr(p, '}', len) || strspn(p, " \t") >= len)
		return false;
	memset(p, ' ', len);
	return true;
}

/* ---- into struct config */

static void take(cfg_t *cfg, const struct option *o, struct config *c)
{
	void *field = (char *)c + o->offset;
	char path[64];

	option_path(o, path);
	if (o->kind == TEXT) {
		*(const char **)field = strdup(cfg_getstr(cfg, path));
	} else if (o->kind == SWITCH) {
		*(bool *)field = cfg_getbool(cfg, path);
	} else if (o->kind == NUMBER && o->size == sizeof(int64_t)) {
		*(int64_t *)field = cfg_getint(cfg, path);
	} else if (o->kind == NUMBER) {
		*(int *)field = (int)cfg_getint(cfg, path);
	} else {
		for (unsigned i = 0; i < cfg_size(cfg, path); i++)
			((const char **)field)[i] = strdup(cfg_getnstr(cfg, path, i));
	}
}

static int by_line(const void *a, const void *b)
{
	return ((const struct mistake *)a)->line - ((const struct mistake *)b)->line;
}

static void print_mistake(FILE *out, const char *path, const struct mistake *m)
{
	fprintf(out, "%s:", path);
	if (m->line)             /* libconfuse tells no line for an empty list */
		fprintf(out, "%d:", m->line);
	fprintf(out, " %s\n", m->text);
}

/* read_file - the text with room for a last line of ours; "" without path. NULL after saying what is wrong */
static char *read_file(const char *path, FILE *out)
{
	char *text = must(calloc(1, MAX_FILE_BYTES + sizeof last_line));
	FILE *f;

	if (!path)
		return text;
	f = fopen(path, "re");
	if (!f) {
		fprintf(out, "%s: %m\n", path);
		free(text);
		return NULL;
	}
	size_t n = fread(text, 1, MAX_FILE_BYTES, f);
	bool fine = feof(f) && !memchr(text, 0, n);
	fclose(f);
	if (fine)
		return text;
	fprintf(out, "%s: not a configuration file, or larger than %d bytes\n", path, MAX_FILE_BYTES);
	free(text);
	return NULL;
}

int config_load(struct config *c, const char *path, FILE *out)
{
	char *text = read_file(path, out);
	struct load l = { .n_lines = 1 };
	cfg_t *cfg;

	if (!text)
		return -1;
	for (const char *p = text; *p; p++)
		l.n_lines += *p == '\n' && p[1];
	memcpy(text + strlen(text), last_line, sizeof last_line);
	loading = &l;
	for (;;) {
		cfg = parse(text);
		if (!l.stopped_at || l.n_mistakes == MAX_MISTAKES || !blank_line(text, l.stopped_at))
			break;
		cfg_free(cfg);
	}
	if (!l.stopped_at && !cfg_size(cfg, "listen"))
		mistake(0, "listen must name at least one address");
	loading = NULL;
	free(text);
	memset(c, 0, sizeof *c);
	qsort(l.mistakes, (size_t)l.n_mistakes, sizeof *l.mistakes, by_line);
	for (int i = 0; i < l.n_mistakes; i++)
		print_mistake(out, path, &l.mistakes[i]);
	for (int i = 0; i < N_OPTIONS && !l.n_mistakes; i++)
		take(cfg, &options[i], c);
	cfg_free(cfg);
	return l.n_mistakes ? -1 : 0;
}

/* ---- out again */

static void print_text(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (strchr("\"\\$", *s))
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void print_value(FILE *out, const struct option *o, const void *field)
{
	const char *const *list = field;

	switch (o->kind) {
	case TEXT:
		print_text(out, *list);
		break;
	case LIST:
		fputc('{', out);
		for (int i = 0; list[i]; i++) {
			fputs(i ? ", " : "", out);
			print_text(out, list[i]);
		}
		fputc('}', out);
		break;
	case NUMBER:
		fprintf(out, "%lld", o->size == sizeof(int64_t) ? (long long)*(const int64_t *)field :
		                                                  (long long)*(const int *)field);
		break;
	case SWITCH:
		fputs(*(const bool *)field ? "true" : "false", out);
		break;
	}
}

void config_print(const struct config *c, FILE *out)
{
	const char *section = "";

	fputs("# loketd.conf - every option; a line left out means the value shown by --print-config\n", out);
	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option *o = &options[i];

		if (strcmp(section, o->section))
			fprintf(out, "%s\n%s {\n", *section ? "}\n" : "", o->section);
		section = o->section;
		const char *tab = *section ? "\t" : "";
		fprintf(out, "%s%s# %s\n%s%s = ", *section ? "" : "\n", tab, o->help, tab, o->name);
		print_value(out, o, (const char *)c + o->offset);
		fputc('\n', out);
	}
	fputs(*section ? "}\n" : "", out);
}

void config_done(struct config *c)
{
	for (int i = 0; i < N_OPTIONS; i++) {
		void *field = (char *)c + options[i].offset;

		if (options[i].kind == TEXT)
			free(*(char **)field);
		for (int k = 0; options[i].kind == LIST && ((char **)field)[k]; k++)
			free(((char **)field)[k]);
	}
	memset(c, 0, sizeof *c);
}
