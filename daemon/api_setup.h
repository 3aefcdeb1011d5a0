/*
 * api_setup.h - what the set-up routes share
 *
 * They work on PG_API: row level security keeps an admin inside the municipalities of the token. What belongs
 * to the whole region needs rights on all of it. After a change every instance loads the world again.
 */
#ifndef LOKET_API_SETUP_H
#define LOKET_API_SETUP_H

#include "daemon/api.h"

/* setup_get - the first wait of a GET: one row by the text id of the path */
enum op_status setup_get(struct api *a, enum sql statement, int next_state);
/* setup_got - answer with the row, or 404 */
enum op_status setup_got(struct api *a);
/* setup_written - the end of a PUT: put returned "made" (no row: PROBLEM_STATE), get the row to answer */
enum op_status setup_written(struct api *a, int put, int get);
/* setup_whole_region - has the token rights on every municipality there is? */
bool setup_whole_region(const struct api *a);

/* setup_good_code - may an id that is new be called this? */
bool setup_good_code(const char *id);

/* each names the field when it holds what is not set up */
enum setup_kind { SETUP_MUNICIPALITY, SETUP_PRODUCT, SETUP_CHANNEL, SETUP_LANGUAGE, SETUP_TEAM };
void setup_known(struct api *a, const char *field, enum setup_kind kind, const char *name);
void setup_all_known(struct api *a, const char *field, enum setup_kind kind);
/* setup_rights - names the field when it holds a municipality that the token has no rights on */
void setup_rights(struct api *a, const char *field);

/* setup_wrong - a menu_report of lib/core/menu.h that names the field; arg: the struct api */
void setup_wrong(void *arg, const char *path, const char *why);
/* setup_menu - names all that is wrong with the menu that stands at path */
void setup_menu(struct api *a, const json_t *menu, const char *path);

/* setup_routing - names all that is wrong with settings.routing */
void setup_routing(struct api *a, const json_t *settings);
/* setup_targets - the same of settings.targets */
void setup_targets(struct api *a, const json_t *settings);
/* setup_survey - the same of settings.survey */
void setup_survey(struct api *a, const json_t *settings);
/* setup_webcare - the same of settings.webcare */
void setup_webcare(struct api *a, const json_t *settings);
/* setup_accents - the same of settings.norms, hours, callback, texts, products: what a region says for its municipalities, and each
 * of them for itself */
void setup_accents(struct api *a, const json_t *settings);
/* setup_routing_shown - in place of regionSettings: routing, survey and webcare, every setting in force and where it is
 * from; a row without them stays as it is */
void setup_routing_shown(struct api *a, json_t *municipality);

/* a body field as a parameter; NULL when absent */
void setup_add_texts(struct api *a, struct pg_unit *u, const char *field);
void setup_add_bool(struct api *a, struct pg_unit *u, const char *field);

#endif
