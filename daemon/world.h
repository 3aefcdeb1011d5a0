/*
 * world.h - what is set up: municipalities, inboxes with their secrets, products, words, norms, agents
 *
 * A read-only picture of the set-up tables, loaded from PostgreSQL at start and again when
 * world_version changed (asked every second; at once after a change through this instance). Counted:
 * an operation that looks at it across a wait holds a reference.
 */
#ifndef LOKET_WORLD_H
#define LOKET_WORLD_H

#include "lib/channel/channel.h"
#include "lib/core/access.h"
#include "lib/core/handling.h"
#include "lib/core/match.h"
#include "lib/core/menu.h"
#include "lib/core/norm.h"
#include "lib/core/promise.h"
#include "lib/core/receipt.h"
#include "lib/core/route.h"
#include "lib/core/spam.h"
#include "lib/core/survey.h"
#include "lib/core/target.h"
#include "lib/core/theme.h"

struct op;
struct server;

struct world_inbox {
	struct inbox in;
	const struct channel_ops *ops;
	bool enabled;
	bool conversational;
	bool shares_channel;           /* another provider carries the channel in this municipality too */
	const char *product;           /* default product; may be NULL */
	int per_second, sender_per_minute;        /* budgets of its own; 0: as configured */
	const struct spam_rules *spam; /* NULL: none */
	const struct match_own *stuck; /* what its bot says then, beside what all say; NULL: nothing */
	int stuck_turns;               /* of the bot, until a person is asked for */
	const struct menu *menu;       /* NULL: none, or a bad one: straight to a person */
	uint16_t municipality, channel;   /* route numbers */
};

struct world_agent {
	struct route_agent base;       /* skills and room; presence and busy are the dispatcher's */
	const char *name;
	enum role role;
};

struct world {
	int refs;
	int64_t version;
	struct arena *arena;
	struct world_inbox *inboxes; int n_inboxes;
	const char *municipalities[ROUTE_MAX_MUNICIPALITIES]; int n_municipalities;
	const char *products[ROUTE_MAX_PRODUCTS]; int n_products;
	const char *channels[ROUTE_MAX_CHANNELS]; int n_channels;
	const char *languages[ROUTE_MAX_LANGUAGES]; int n_languages;
	const char *teams[64]; int n_teams;                     /* 0 is "any" */
	struct match_word *words; int n_words;
	struct match_rules *match;
	struct world_agent *agents; int n_agents;
	int n_no_way_out; /* inboxes whose settings miss option 0 somewhere */
	struct map *blocked; int n_blocked;                     /* senders; what is in it is for world_blocked */
	const char *receipt_keys[RECEIPT_MAX_KEYS]; int n_receipt_keys; /* the newest first */
	/* seconds a case may wait, per municipality, channel and kind; as the channel was set up; wrap-up seconds */
	int norm_s[ROUTE_MAX_MUNICIPALITIES][ROUTE_MAX_CHANNELS][N_NORM_KINDS];
	int channel_norm_s[ROUTE_MAX_CHANNELS];
	int wrapup_s[ROUTE_MAX_CHANNELS];
	enum route_kind kind[ROUTE_MAX_CHANNELS];
	struct route_policy policies[ROUTE_MAX_MUNICIPALITIES];
	struct hours hours[ROUTE_MAX_MUNICIPALITIES];
	const struct match_own
		*own_words[ROUTE_MAX_MUNICIPALITIES]; /* more ways to ask for option 0; NULL: none */
	struct promise_rules promises[ROUTE_MAX_MUNICIPALITIES];   /* to call back */
	struct survey_rules surveys[ROUTE_MAX_MUNICIPALITIES];
	const struct handling *handlings[ROUTE_MAX_MUNICIPALITIES]; /* by product; NULL: nothing is said of any */
	struct targets targets[ROUTE_MAX_MUNICIPALITIES];         /* of figures */
	struct theme_rules *themes[ROUTE_MAX_MUNICIPALITIES]; /* NULL: none */
	double false_alarms[ROUTE_MAX_MUNICIPALITIES];        /* of signals, in a week */
	json_t *protocols[ROUTE_MAX_MUNICIPALITIES];          /* of webcare, lib/core/protocol.h; NULL: none */
	const char *protocols_from[ROUTE_MAX_MUNICIPALITIES]; /* whose: "municipality" or "region" */
};

struct world *world_now(struct server *srv);                /* borrowed; never NULL once ready */
struct world *world_ref(struct world *w);
struct world *world_unref(struct world *w);                 /* returns NULL */
/* world_hook_url - where the outside posts to an inbox */
const char *world_hook_url(const struct server *srv, struct arena *a, const char *inbox);
/* world_hold - world_now with a reference that lasts as long as op; NULL before anything was loaded */
struct world *world_hold(struct op *op);
const struct world_inbox *world_inbox(const struct world *w, const char *id);
/* world_live - does somebody wait for the answer in this inbox, on the line or in a chat? */
bool world_live(const struct world *w, const struct world_inbox *in);
/* world_inbox_by_channel - the first that is enabled; a municipality may have none (for its counter): then one in name
 * only, in a */
const struct world_inbox *world_inbox_by_channel(struct arena *a, const struct world *w, int municipality, int channel);
int world_municipality(const struct world *w, const char *id);   /* route number, -1 unknown */
int world_product(const struct world *w, const char *id);
int world_channel(const struct world *w, const char *name);
int world_language(const struct world *w, const char *code);
/* world_handling - how a product is handled there; NULL: nothing is said of it */
const struct handling *world_handling(const struct world *w, int municipality, const char *product);
/* world_norm_kind - what counts for how long it may wait; formal: the flag of that name */
enum norm_kind world_norm_kind(const struct world *w, int municipality, const char *product, bool formal);
/* world_norm_s - how long a case may wait. Who asks for help by hand waits as if somebody were on the line */
int world_norm_s(const struct world *w, int municipality, int channel, enum norm_kind kind, bool option0);
/* world_blocked - is this sender blocked at now_us? scratch: for the length of this call */
bool world_blocked(struct arena *scratch, const struct world *w, const char *municipality, const char *kind,
                   const char *value, int64_t now_us);
/* world_receipt - the secret of the case with this reference, as its receipt has it; NULL when there is no key */
const char *world_receipt(const struct world *w, struct arena *a, const char *reference);
const struct world_agent *world_agent(const struct world *w, struct agent_id id);

/* world_start - load it and keep it fresh; world_reload - look again now */
void world_start(struct server *srv);
void world_reload(struct server *srv);

#endif
