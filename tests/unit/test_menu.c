/*
 * test_menu.c GOLDEN - menus and settings in a file, each followed by what becomes of it
 *
 * A line of the file is one of these; what we say about it follows, indented:
 *   menu {…}              reads it (products: rijbewijs, paspoort); all that is wrong with it, or that it is good
 *   press KEYS            presses them one after the other, in the last good menu
 *   after KEYS            the same, in one step
 *   say LANGUAGE PATH     what is said there; "-": no language, or the top
 *   write LANGUAGE PATH   the same in writing, and as lines
 *   inbox {…}, form {…}   settings: does all that they connect lead to option 0?
 *
 * Run with two arguments, GOLDEN and "-", to print it anew.
 */
#include "lib/core/menu.h"

#include "lib/base/jsonx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_BYTES = 65536, LINE = 8192, ARENA_BYTES = 1 << 20 };

static char picture[PICTURE_BYTES];
static size_t n_picture;
static struct arena *arena;
static const struct menu *menu;

__attribute__((format(printf, 1, 2))) static void draw(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	n_picture += (size_t)vsnprintf(picture + n_picture, sizeof(picture) - n_picture, fmt, ap);
	va_end(ap);
	if (n_picture >= sizeof(picture))
		exit(1);
}

static void draw_wrong(void *arg, const char *path, const char *why)
{
	++*(int *)arg;
	draw("    %s: %s\n", path, why);
}

static bool known(const void *ctx, const char *product)
{
	(void)ctx;
	return !strcmp(product, "rijbewijs") || !strcmp(product, "paspoort");
}

static json_t *load(const char *text)
{
	json_t *j = NULL;

	if (jsonx_load(arena, (struct bytes){(const uint8_t *)text, strlen(text)}, &j, NULL))
		draw("    not JSON\n");
	return j;
}

static void do_menu(const char *text)
{
	const struct menu *m;
	int n = 0;

	m = menu_new(arena, load(text), "menu", known, NULL, draw_wrong, &n);
	if (m)
		draw("    good\n");
	if (!m != (n > 0))
		draw("    REFUSED WITHOUT A WORD\n");
	if (m)
		menu = m;
}

static void draw_step(struct menu_step s)
{
	draw("%s", menu_move_name(s.move));
	draw("%s%s%s%s", s.product ? " " : "", s.product ? s.product : "", s.language ? " " : "",
	     s.language ? s.language : "");
	draw("%s%s\n", *s.path ? " at " : "", s.path);
}

static void do_press(const char *keys)
{
	struct menu_step s = {0};

	for (; *keys; keys++) {
		s = menu_press(menu, s.path, *keys);
		draw("    %c ", *keys);
		draw_step(s);
	}
}

static void do_after(const char *keys)
{
	draw("    ");
	draw_step(menu_after(menu, keys));
}

static void do_say(char *words)
{
	char *path = strchr(words, ' ');
	json_t *prompt;

	*path++ = '\0';
	prompt = menu_prompt(menu_at(menu, strcmp(path, "-") ? path : ""), strcmp(words, "-") ? words : NULL);
	draw("    %s\n", jsonx_dump(arena, prompt, NULL));
	json_decref(prompt);
}

static void do_write(char *words)
{
	char *end = strchr(words, ' ');
	const char *path = strcmp(end + 1, "-") ? end + 1 : "";
	const json_t *written;

	*end = '\0';
	written = menu_written(arena, menu_at(menu, path), path, strcmp(words, "-") ? words : NULL, "HELP", "BUTTON");
	draw("    %s\n", jsonx_dump(arena, written, NULL));
	draw("    %s\n", jsonx_quote(arena, menu_lines(arena, written, "HOW")));
}

static void do_settings(const char *text, const char *provider)
{
	int n = 0;

	menu_ways_out(arena, load(text), provider, draw_wrong, &n);
	if (!n)
		draw("    good\n");
}

static void obey(char *line)
{
	char *rest = strchr(line, ' ');

	if (*line == ' ')
		return; /* what we said the last time */
	draw("%s\n", line);
	if (!rest || *line == '#')
		return;
	*rest++ = '\0';
	if (!strcmp(line, "menu"))
		do_menu(rest);
	else if (!strcmp(line, "press"))
		do_press(rest);
	else if (!strcmp(line, "after"))
		do_after(rest);
	else if (!strcmp(line, "say"))
		do_say(rest);
	else if (!strcmp(line, "write"))
		do_write(rest);
	else
		do_settings(rest, !strcmp(line, "form") ? "webform" : "chat");
}

int main(int argc, char **argv)
{
	static char golden[PICTURE_BYTES], line[LINE];
	FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
	bool same;

	if (!f || fread(golden, 1, sizeof(golden) - 1, f) == 0) {
		fprintf(stderr, "no file\n");
		return 1;
	}
	rewind(f);
	arena = arena_new(ARENA_BYTES);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	fclose(f);
	arena_free(arena);
	same = !strcmp(picture, golden);
	if (argc > 2 || !same)
		fputs(picture, argc > 2 ? stdout : stderr);
	if (argc > 2)
		return 0;
	printf("1..1\n%s 1 - menus as in tests/golden/menu.txt\n", same ? "ok" : "not ok");
	return !same;
}
