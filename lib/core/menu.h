/*
 * menu.h - choice menus, and the way out of everything that is no person
 *
 * settings.menu of an inbox, else settings.menus.<channel> of its municipality:
 *   {"say": {"nl": "Welkom bij …", "en": …}, "choices": [
 *     {"key": "1", "label": {"nl": "Rijbewijs of paspoort"}, "product": "rijbewijs"},
 *     {"key": "2", "label": …, "menu": {"say": …, "choices": …}},
 *     {"key": "9", "label": {"nl": "Engels", "en": "English"}, "language": "en"},
 *     {"key": "8", "label": {"nl": "Wij bellen u terug"}, "callback": true},
 *     {"key": "0", "label": {"nl": "Hulp van een medewerker"}, "help": true}]}
 * Key 0 is option 0, in every menu and at every moment. A menu, bot or form that has no option 0 is refused.
 * "*" goes back and "#" says it again, where they are no choice.
 */
#ifndef LOKET_MENU_H
#define LOKET_MENU_H

#include "lib/base/arena.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	MENU_MAX_DEPTH = 4,        /* menus within each other: nobody remembers more */
	MENU_MAX_CHOICES = 9,      /* beside option 0 */
	MENU_SAY_CHARACTERS = 500, /* half a minute of speech */
	MENU_LABEL_CHARACTERS = 100,
	MENU_MAX_LANGUAGES = 16,
	MENU_PATH = MENU_MAX_DEPTH + 1, /* keys that lead to a place, and the NUL */
	MENU_MAX_SAID = 2,         /* in writing, to one case: who is not helped by two of them wants a person */
};

struct menu;

/* called for each thing that is wrong; path: "settings.menu.choices[0].key" */
typedef void menu_report(void *arg, const char *path, const char *why);
/* menu_known - is it a product that is set up? */
typedef bool menu_known(const void *ctx, const char *product);

/*
 * menu_new - read a menu
 * in       path: where it stands, for reports; known: NULL takes every product
 * returns  NULL when something is wrong with it; report has heard all of it
 * owner    a; texts are borrowed from j
 */
const struct menu *menu_new(struct arena *a, const json_t *j, const char *path, menu_known *known,
			    const void *ctx, menu_report *report, void *arg);
/*
 * menu_ways_out - does all that the settings of an inbox connect lead to option 0?
 * in       settings.bot: how it hands over; settings.mapping and settings.forms.<form>.mapping of a form: where
 *          its field is (without a mapping there are our own names, with option 0); provider: may be NULL
 */
void menu_ways_out(struct arena *a, const json_t *settings, const char *provider, menu_report *report,
		   void *arg);

enum menu_move {
	MENU_AGAIN, /* say it again: "#", a key that is no choice, or there is nothing to go back to */
	MENU_BACK,
	MENU_DEEPER,
	MENU_LANGUAGE, /* say it again, in step.language */
	MENU_PRODUCT,  /* the menu is done: step.product */
	MENU_CALLBACK, /* the menu is done: they want to be called back */
	MENU_HELP,     /* the menu is done: option 0 */
};

struct menu_step {
	enum menu_move move;
	char path[MENU_PATH]; /* where the caller stands now */
	const char *product, *language;
};

/* menu_at - the menu where these keys lead, as far as they lead: it may have changed during a call. m may be
 * NULL */
const struct menu *menu_at(const struct menu *m, const char *path);
/* menu_press - what a key does for who stands at path; 0 is option 0 also without a menu */
struct menu_step menu_press(const struct menu *m, const char *path, char key);
/*
 * menu_after - where a caller stands who pressed these keys, one after the other
 * out      language: chosen last, or NULL. Keys after a product, a call-back or option 0 do nothing
 */
struct menu_step menu_after(const struct menu *m, const char *keys);
/*
 * menu_prompt - {"say": [{"language","text"}], "choices": [{"key","language","text"}]}: this menu, not what
 * is below it in       language: of the caller; NULL, or a text that is not there in it: Dutch. A choice of a
 * language is said in that one owner    the caller
 */
json_t *menu_prompt(const struct menu *m, const char *language);
/*
 * menu_written - this menu for who reads it: {"text", "button", "choices": [{"id", "key", "text"}]}
 * in       path: the keys that lead to m; language: as menu_prompt; help: what option 0 is called where the menu has
 *          no text for it in that language; button: opens the list of choices, where a channel has such a thing
 * returns  id: the keys that lead to the choice, so that a button pressed late means what it says; of option 0 "0"
 * owner    a
 */
const json_t *menu_written(struct arena *a, const struct menu *m, const char *path, const char *language,
			   const char *help, const char *button);
/* menu_lines - the same as text, a line for each choice; how: says how to answer */
const char *menu_lines(struct arena *a, const json_t *written, const char *how);
/* menu_move_name - "again", "back", "deeper", "language", "product", "callback", "help" */
const char *menu_move_name(enum menu_move move);

#endif
