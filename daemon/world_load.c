#include "daemon/world_load.h"

#include "daemon/bots.h"
#include "daemon/log.h"
#include "daemon/pg.h"
#include "lib/base/jsonx.h"
#include "lib/base/map.h"
#include "lib/core/protocol.h"
#include "lib/core/signal.h"

#include <stdlib.h>
#include <string.h>

enum { WORLD_MAX_ARENA_BYTES = 64 * 1024 * 1024 };

/* the statements of the unit, in order */
enum { Q_VERSION, Q_MUNICIPALITIES, Q_PRODUCTS, Q_CHANNELS, Q_TEAMS, Q_WORDS, Q_INBOXES, Q_SECRETS, Q_AGENTS, Q_BLOCKED,
	Q_RECEIPT_KEYS };

/* the version comes first: what changes while we read makes us read again */
void world_load_ask(struct pg_unit *u)
{
	pg_add(u, SQL_WORLD_VERSION);
	pg_add(u, SQL_WORLD_MUNICIPALITIES);
	pg_add(u, SQL_WORLD_PRODUCTS);
	pg_add(u, SQL_WORLD_CHANNELS);
	pg_add(u, SQL_WORLD_TEAMS);
	pg_add(u, SQL_WORLD_WORDS);
	pg_add(u, SQL_WORLD_INBOXES);
	pg_add(u, SQL_WORLD_SECRETS);
	pg_add(u, SQL_WORLD_AGENTS);
	pg_add(u, SQL_WORLD_BLOCKED);
	pg_add(u, SQL_WORLD_RECEIPT_KEYS);
	pg_int(u, RECEIPT_MAX_KEYS);
}

static const char *copy(struct world *w, const struct op *op, int q, int row, const char *column)
{
	return arena_str(w->arena, pg_get(op, q, row, column));
}

static json_t *copy_json(struct world *w, const struct op *op, int q, int row, const char *column)
{
	const char *text = pg_get(op, q, row, column);
	json_t *j = NULL;

	if (text)
		jsonx_load(w->arena, (struct bytes){ (const uint8_t *)text, strlen(text) }, &j, NULL);
	return j;
}

static int few_enough(const struct op *op, int q, int max, const char *what, struct err *err)
{
	if (pg_rows(op, q) <= max)
		return 0;
	return err_set(err, ERR_BUSY, "%d %s, at most %d are possible", pg_rows(op, q), what, max);
}

static int check_limits(const struct op *op, struct err *err)
{
	static const struct {
		int q, max;
		const char *what;
	} limits[] = {
		{ Q_MUNICIPALITIES, ROUTE_MAX_MUNICIPALITIES, "municipalities" },
		{ Q_PRODUCTS, ROUTE_MAX_PRODUCTS, "products" },
		{ Q_CHANNELS, ROUTE_MAX_CHANNELS, "channels" },
		{ Q_TEAMS, WORLD_MAX_TEAMS - 1, "teams" },
		{ Q_WORDS, WORLD_MAX_WORDS, "product words" },
		{ Q_INBOXES, WORLD_MAX_INBOXES, "inboxes" },
		{ Q_AGENTS, WORLD_MAX_AGENTS, "agents" },
		{ Q_BLOCKED, WORLD_MAX_BLOCKED, "blocked senders" },
	};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (few_enough(op, limits[i].q, limits[i].max, limits[i].what, err))
			return -1;
	return 0;
}

static void load_names(struct world *w, const struct op *op, int q, const char **names, int *n)
{
	for (int i = 0; i < pg_rows(op, q); i++)
		names[(*n)++] = copy(w, op, q, i, "id");
}

static void load_channels(struct world *w, const struct op *op)
{
	load_names(w, op, Q_CHANNELS, w->channels, &w->n_channels);
	for (int c = 0; c < w->n_channels; c++) {
		w->wrapup_s[c] = (int)pg_get_int(op, Q_CHANNELS, c, "wrapup_s");
		w->kind[c] = !pg_get_bool(op, Q_CHANNELS, c, "live") ? KIND_ASYNC :
			pg_get_bool(op, Q_CHANNELS, c, "conversational") ? KIND_CHAT : KIND_PHONE;
		w->channel_norm_s[c] = (int)pg_get_int(op, Q_CHANNELS, c, "norm_s");
	}
}

/* needs municipalities and channels */
static void load_norms(struct world *w, const struct op *op)
{
	for (int m = 0; m < w->n_municipalities; m++) {
		json_t *region = copy_json(w, op, Q_MUNICIPALITIES, m, "region");
		json_t *settings = copy_json(w, op, Q_MUNICIPALITIES, m, "settings");

		for (int i = 0; i < w->n_channels * N_NORM_KINDS; i++) {
			int c = i / N_NORM_KINDS, kind = i % N_NORM_KINDS;
			int norm = norm_seconds(region, settings, w->channels[c], (enum norm_kind)kind);

			w->norm_s[m][c][kind] = norm ? norm : w->channel_norm_s[c];
		}
	}
}

/* the region's, and over those the municipality's own. What cannot be read of either was written past the
 * API: then nothing of it holds */
static void load_policies(struct world *w, const struct op *op)
{
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++) {
		w->policies[m] = policy_defaults();
		if (m >= w->n_municipalities)
			continue;
		policy_read(copy_json(w, op, Q_MUNICIPALITIES, m, "region"), &w->policies[m], NULL, 0);
		policy_read(copy_json(w, op, Q_MUNICIPALITIES, m, "settings"), &w->policies[m], NULL, 0);
	}
}

/* the same for when people are there, and for the words in which they are asked for */
static void load_hours(struct world *w, const struct op *op)
{
	for (int m = 0; m < ROUTE_MAX_MUNICIPALITIES; m++) {
		bool there = m < w->n_municipalities;
		json_t *region = there ? copy_json(w, op, Q_MUNICIPALITIES, m, "region") : NULL;
		json_t *settings = there ? copy_json(w, op, Q_MUNICIPALITIES, m, "settings") : NULL;

		w->hours[m] = hours_defaults();
		w->promises[m] = promise_defaults();
		w->surveys[m] = survey_defaults();
		w->targets[m] = target_defaults();
		hours_read(region, &w->hours[m], NULL, 0);
		hours_read(settings, &w->hours[m], NULL, 0);
		promise_read(region, &w->promises[m], NULL, 0);
		promise_read(settings, &w->promises[m], NULL, 0);
		survey_read(region, &w->surveys[m], NULL, 0);
		survey_read(settings, &w->surveys[m], NULL, 0);
		target_read(region, &w->targets[m], NULL, 0);
		target_read(settings, &w->targets[m], NULL, 0);
		w->own_words[m] = match_own_new(
			w->arena, json_object_get(json_object_get(settings, "option0"), "words"));
	}
}

/* which products are answered digitally, which never are, and which are reports */
static void load_handlings(struct world *w, const struct op *op)
{
	for (int m = 0; m < w->n_municipalities; m++) {
		json_t *region = copy_json(w, op, Q_MUNICIPALITIES, m, "region");
		json_t *settings = copy_json(w, op, Q_MUNICIPALITIES, m, "settings");
		struct handling *all = arena_array(w->arena, struct handling, (size_t)w->n_products);

		for (int p = 0; p < w->n_products; p++) {
			all[p] = handling_of(region, settings, w->products[p]);
			if (all[p].way != HANDLING_NOT_SAID || all[p].report)
				w->handlings[m] = all;
		}
	}
}

static double false_alarms(const json_t *region, const json_t *own)
{
	const json_t *v = json_object_get(json_object_get(own, "webcare"), "falseAlarmsPerWeek");

	if (!v)
		v = json_object_get(json_object_get(region, "webcare"), "falseAlarmsPerWeek");
	return json_number_value(v) > 0 ? json_number_value(v) : SIGNAL_FALSE_ALARMS;
}

/* what is said in public: what it is about, and how it is answered */
static void load_webcare(struct world *w, const struct op *op)
{
	for (int m = 0; m < w->n_municipalities; m++) {
		json_t *settings = copy_json(w, op, Q_MUNICIPALITIES, m, "settings");
		json_t *region = copy_json(w, op, Q_MUNICIPALITIES, m, "region");

		w->themes[m] = theme_rules_new(w->arena, region, settings);
		w->false_alarms[m] = false_alarms(region, settings);
		w->protocols[m] = protocol_of(region, settings, &w->protocols_from[m]);
	}
}

static void load_words(struct world *w, const struct op *op)
{
	int n = pg_rows(op, Q_WORDS);

	w->words = arena_array(w->arena, struct match_word, (size_t)n);
	for (int i = 0; i < n; i++) {
		const char *where = pg_get(op, Q_WORDS, i, "municipality");
		int m = where ? world_municipality(w, where) : -1;
		int p = world_product(w, pg_get(op, Q_WORDS, i, "product"));

		if (p < 0 || (where && m < 0))
			continue;   /* came between two statements: the next look has it all */
		w->words[w->n_words++] = (struct match_word){
			.municipality = where ? w->municipalities[m] : NULL,
			.word = copy(w, op, Q_WORDS, i, "word"),
			.product = w->products[p],
		};
	}
	w->match = match_rules_new(w->arena, w->words, w->n_words);
}

static int inbox_order(const void *a, const void *b)
{
	return strcmp(((const struct world_inbox *)a)->in.id, ((const struct world_inbox *)b)->in.id);
}

/* of settings.budget; 0: nothing that is one */
static int number_in(const json_t *settings, const char *key)
{
	json_int_t n = jsonx_int(json_object_get(settings, "budget"), key, 0);

	return n > 0 && n <= 1000000 ? (int)n : 0;
}

static int bot_turns(const json_t *settings)
{
	json_int_t n = jsonx_int(json_object_get(settings, "bot"), "turns", BOTS_TURNS);

	return n >= 1 && n <= BOTS_MAX_TURNS ? (int)n : BOTS_TURNS;
}

static bool product_known(const void *w, const char *product)
{
	return world_product(w, product) >= 0;
}

struct menu_wrongs {
	const char *inbox;
	int n;
};

/* the path is of the settings and may hold what people called a form: only our words are logged */
static void menu_wrong(void *arg, const char *path, const char *why)
{
	struct menu_wrongs *wrongs = arg;

	(void)path;
	if (!wrongs->n++)
		log_event(LOG_WARNING, "world.option0", "inbox=%s why=\"%s\"", wrongs->inbox, why);
}

/* the inbox's own menu, else the municipality's. What was refused came past the API, or its product went: no
 * menu then */
static void load_menu(struct world *w, struct world_inbox *i, const json_t *menus)
{
	const json_t *menu = json_object_get(i->in.settings, "menu");
	struct menu_wrongs wrongs = {i->in.id, 0};

	if (!menu)
		menu = json_object_get(menus, i->in.channel);
	if (menu)
		i->menu = menu_new(w->arena, menu, "menu", product_known, w, menu_wrong, &wrongs);
	menu_ways_out(w->arena, i->in.settings, i->ops ? i->ops->name : NULL, menu_wrong, &wrongs);
	w->n_no_way_out += wrongs.n > 0;
}

static void load_inbox(struct world *w, const struct op *op, int row, json_t *const menus[])
{
	struct world_inbox *i = &w->inboxes[w->n_inboxes];
	int m = world_municipality(w, pg_get(op, Q_INBOXES, row, "municipality"));
	int c = world_channel(w, pg_get(op, Q_INBOXES, row, "channel"));
	const char *product = pg_get(op, Q_INBOXES, row, "product");
	int p = product ? world_product(w, product) : -1;
	json_t *settings = copy_json(w, op, Q_INBOXES, row, "settings");

	if (m < 0 || c < 0)
		return;
	if (!json_is_object(settings)) {
		settings = json_object();
		arena_on_free(w->arena, (void (*)(void *))json_decref, settings);
	}
	i->in.id = copy(w, op, Q_INBOXES, row, "id");
	i->in.municipality = w->municipalities[m];
	i->in.channel = w->channels[c];
	i->in.account = copy(w, op, Q_INBOXES, row, "account");
	i->in.settings = settings;
	i->ops = channel_find(pg_get(op, Q_INBOXES, row, "provider"));   /* NULL: nobody posts there (phone, counter) */
	i->enabled = pg_get_bool(op, Q_INBOXES, row, "enabled");
	i->conversational = pg_get_bool(op, Q_CHANNELS, c, "conversational");
	i->per_second = number_in(settings, "per_second");
	i->sender_per_minute = number_in(settings, "sender_per_minute");
	i->stuck = match_own_new(w->arena, json_object_get(json_object_get(settings, "bot"), "stuck"));
	i->stuck_turns = bot_turns(settings);
	i->spam = spam_rules_new(w->arena, json_object_get(settings, "spam"));
	i->product = p >= 0 ? w->products[p] : NULL;
	i->municipality = (uint16_t)m;
	i->channel = (uint16_t)c;
	load_menu(w, i, menus[m]);
	w->n_inboxes++;
}

static void mark_shared(struct world *w)
{
	const struct channel_ops *first[ROUTE_MAX_MUNICIPALITIES][ROUTE_MAX_CHANNELS] = { 0 };
	bool shared[ROUTE_MAX_MUNICIPALITIES][ROUTE_MAX_CHANNELS] = { 0 };

	for (int i = 0; i < w->n_inboxes; i++) {
		const struct world_inbox *in = &w->inboxes[i];
		const struct channel_ops **ops = &first[in->municipality][in->channel];

		if (!in->enabled || !in->ops)
			continue;
		shared[in->municipality][in->channel] |= *ops && *ops != in->ops;
		*ops = in->ops;
	}
	for (int i = 0; i < w->n_inboxes; i++) {
		struct world_inbox *in = &w->inboxes[i];

		in->shares_channel = in->enabled && in->ops && shared[in->municipality][in->channel];
	}
}

static void load_inboxes(struct world *w, const struct op *op)
{
	json_t *menus[ROUTE_MAX_MUNICIPALITIES] = {0};

	for (int m = 0; m < w->n_municipalities; m++)
		menus[m] = copy_json(w, op, Q_MUNICIPALITIES, m, "menus");
	w->inboxes = arena_array(w->arena, struct world_inbox, (size_t)pg_rows(op, Q_INBOXES));
	for (int row = 0; row < pg_rows(op, Q_INBOXES); row++)
		load_inbox(w, op, row, menus);
	qsort(w->inboxes, (size_t)w->n_inboxes, sizeof *w->inboxes, inbox_order);
	mark_shared(w);
}

static void forget_text(void *p)
{
	explicit_bzero(p, strlen(p));
}

static void load_secrets(struct world *w, const struct op *op)
{
	for (int row = 0; row < pg_rows(op, Q_SECRETS); row++) {
		struct world_inbox *i = (struct world_inbox *)world_inbox(w, pg_get(op, Q_SECRETS, row, "inbox"));
		const char *kind;
		char *value;

		if (!i || i->in.n_secrets == CHANNEL_MAX_SECRETS)
			continue;
		value = arena_str(w->arena, pg_get(op, Q_SECRETS, row, "value"));
		arena_on_free(w->arena, forget_text, value);
		kind = copy(w, op, Q_SECRETS, row, "kind");
		i->in.secrets[i->in.n_secrets++] = (struct inbox_secret){
			.kind = kind,
			.value = value,
			.ready = !strcmp(kind, "secret") ? hmac_sha256_key(w->arena, value) : NULL,
		};
	}
}

static void load_receipt_keys(struct world *w, const struct op *op)
{
	for (int row = 0; row < pg_rows(op, Q_RECEIPT_KEYS); row++) {
		char *value = arena_str(w->arena, pg_get(op, Q_RECEIPT_KEYS, row, "value"));

		arena_on_free(w->arena, forget_text, value);
		w->receipt_keys[w->n_receipt_keys++] = value;
	}
}

/* languages are those of our people; Dutch is number 0, also when nobody says so */
static void load_languages(struct world *w, const struct op *op)
{
	w->languages[w->n_languages++] = "nl";
	for (int row = 0; row < pg_rows(op, Q_AGENTS); row++) {
		json_t *codes = copy_json(w, op, Q_AGENTS, row, "languages"), *v;
		size_t i;

		json_array_foreach(codes, i, v) {
			const char *code = json_string_value(v);

			if (code && world_language(w, code) < 0 && w->n_languages < ROUTE_MAX_LANGUAGES)
				w->languages[w->n_languages++] = code;
		}
	}
}

/* the numbers of the names in a json array, as bits */
static uint64_t bits_of(const struct world *w, const json_t *names, int (*number)(const struct world *, const char *))
{
	uint64_t bits = 0;
	json_t *v;
	size_t i;

	json_array_foreach(names, i, v) {
		int n = json_is_string(v) ? number(w, json_string_value(v)) : -1;

		if (n >= 0 && n < 64)
			bits |= UINT64_C(1) << n;
	}
	return bits;
}

static int team_number(const struct world *w, const char *id)
{
	for (int i = 1; i < w->n_teams; i++)
		if (!strcmp(w->teams[i], id))
			return i;
	return -1;
}

static void load_products_of(const struct world *w, const json_t *names, struct route_set *set)
{
	json_t *v;
	size_t i;

	json_array_foreach(names, i, v) {
		int p = json_is_string(v) ? world_product(w, json_string_value(v)) : -1;

		if (p >= 0)
			set->bits[p / 64] |= UINT64_C(1) << (p % 64);
	}
}

static uint8_t room_from(json_int_t n)
{
	return n < 0 ? 0 : n > UINT8_MAX ? UINT8_MAX : (uint8_t)n;
}

static void load_agent(struct world *w, const struct op *op, int row)
{
	struct world_agent *a = &w->agents[w->n_agents];
	json_t *room = copy_json(w, op, Q_AGENTS, row, "room");
	int role = role_from(pg_get(op, Q_AGENTS, row, "role")), home;

	if (role < 0)
		return;
	a->name = copy(w, op, Q_AGENTS, row, "name");
	a->role = (enum role)role;
	a->base.id.u = pg_get_uuid(op, Q_AGENTS, row, "id");
	a->base.coach = a->role == ROLE_COACH;
	a->base.municipalities = bits_of(w, copy_json(w, op, Q_AGENTS, row, "municipalities"), world_municipality);
	a->base.channels = (uint32_t)bits_of(w, copy_json(w, op, Q_AGENTS, row, "channels"), world_channel);
	a->base.languages = (uint32_t)bits_of(w, copy_json(w, op, Q_AGENTS, row, "languages"), world_language);
	a->base.knows = bits_of(w, copy_json(w, op, Q_AGENTS, row, "knows"), world_municipality);
	home = pg_get(op, Q_AGENTS, row, "home") ? world_municipality(w, pg_get(op, Q_AGENTS, row, "home"))
						 : -1;
	a->base.home = home < 0 ? 0 : UINT64_C(1) << home;
	a->base.unit = a->base.team_unit = LEARN_NO_UNIT;
	a->base.teams = bits_of(w, copy_json(w, op, Q_AGENTS, row, "teams"), team_number);
	load_products_of(w, copy_json(w, op, Q_AGENTS, row, "products"), &a->base.products);
	for (int c = 0; c < w->n_channels; c++)
		a->base.room[c] = room_from(jsonx_int(room, w->channels[c],
		                                      pg_get_int(op, Q_CHANNELS, c, "room")));
	a->base.room_total = room_from(pg_get_int(op, Q_AGENTS, row, "room_total"));
	w->n_agents++;
}

static void load_agents(struct world *w, const struct op *op)
{
	w->agents = arena_array(w->arena, struct world_agent, (size_t)pg_rows(op, Q_AGENTS));
	for (int row = 0; row < pg_rows(op, Q_AGENTS); row++)
		load_agent(w, op, row);
}

static void load_blocked(struct world *w, const struct op *op)
{
	w->n_blocked = pg_rows(op, Q_BLOCKED);
	w->blocked = map_new(w->arena, w->n_blocked);
	for (int row = 0; row < w->n_blocked; row++) {
		int64_t *until = arena_new_of(w->arena, int64_t);

		*until = pg_get_time(op, Q_BLOCKED, row, "until");
		map_put(w->blocked, arena_join(w->arena, pg_get(op, Q_BLOCKED, row, "municipality"), "\n",
		                               pg_get(op, Q_BLOCKED, row, "kind"), "\n",
		                               pg_get(op, Q_BLOCKED, row, "value"), NULL), until);
	}
}

int world_load_read(const struct op *op, struct world **out, struct err *err)
{
	struct arena *a;
	struct world *w;

	if (check_limits(op, err))
		return -1;
	if (!pg_rows(op, Q_VERSION))
		return err_set(err, ERR_FORMAT, "table world_version is empty");
	a = arena_new(WORLD_MAX_ARENA_BYTES);
	w = arena_new_of(a, struct world);
	w->refs = 1;
	w->arena = a;
	w->version = pg_get_int(op, Q_VERSION, 0, "version");
	w->teams[w->n_teams++] = "";
	load_names(w, op, Q_MUNICIPALITIES, w->municipalities, &w->n_municipalities);
	load_names(w, op, Q_PRODUCTS, w->products, &w->n_products);
	load_names(w, op, Q_TEAMS, w->teams, &w->n_teams);
	load_channels(w, op);
	load_norms(w, op);
	load_policies(w, op);
	load_hours(w, op);
	load_handlings(w, op);
	load_webcare(w, op);
	load_words(w, op);
	load_inboxes(w, op);
	load_secrets(w, op);
	load_languages(w, op);
	load_agents(w, op);
	load_blocked(w, op);
	load_receipt_keys(w, op);
	*out = w;
	return 0;
}
