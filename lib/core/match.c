#include "lib/core/match.h"

#include <stdio.h>
#include <string.h>

enum { OWN_ARENA_BYTES = 1 << 20 };

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define REOPEN_US (MATCH_REOPEN_DAYS * INT64_C(86400000000))

/*
 * Each phrase says by itself that somebody is stuck in something digital (patterns: phrase.h). "hulp"
 * alone does not: people also ask for help in the household. Written as utf8_fold writes: no capitals, no
 * accents.
 */
#define NL_THING \
	"digid|formulier|formulieren|webformulier|website|site|inloggen|computer|internet|online|" \
	"invullen|berichtenbox"
#define EN_THING "form|forms|website|site|digid|login|logging|computer|internet|online"
#define PL_THING \
	"formularz~|internet~|strona|stronie|strony|digid|komputer~|logowani~|zalogowa~|online|" \
	"wypelni~"
#define TR_THING "form|forma|formu|formda|digid~|internet~|site|sitede|siteye|bilgisayar~|online|cevrimici"
#define AR_THING \
	"الاستمارة|استمارة|النموذج|نموذج|الموقع|موقع|الانترنت|انترنت|ديجيد|digid|الكمبيوتر|" \
	"الالكتروني|الالكترونية|اونلاين"
#define UK_THING "digid|форм~|анкет~|саит~|інтернет~|интернет~|комп~|онлаин"

static const char *const help_phrases[] = {
	/* Dutch; NOLINTNEXTLINE(bugprone-suspicious-missing-comma): joined with its things on purpose */
	"hulp|help|ondersteuning nodig? bij|met|voor de|het|mijn|een|dit|t? online|digitale|digitaal? "
		NL_THING,
	"hulp|help|ondersteuning nodig? bij|met|voor de|het|mijn|een? online|digitale * aanvraag|"
		"aanvragen|aangifte",
	"digitale hulp|ondersteuning",
	"digicoach|digihulp|digibeet|digibeten",
	"digitale coach",
	"optie 0|nul",
	"digid|formulier|website|site|inlog|inloggen|berichtenbox|computer * lukt|lukte|gaat mij|me|ons|"
		"het? niet",
	"lukt|lukte mij|me|ons|het? niet om? online|digitaal|via|met|in? de|mijn|het? website|digid|"
		"formulier|inloggen",
	"lukt|lukte mij|me|ons|het? niet om? online|digitaal",
	"lukt|lukte mij|me|ons? niet om * in loggen|te? vullen|sturen",
	"lukt|lukte * niet om * te? loggen|inloggen|invullen",
	"lukt|gaat het|dit mij|me|ons? niet online|digitaal|met|op|via de|het|mijn? digid|computer|"
		"website|formulier?",
	"online|digitaal lukt|gaat het? mij|me|ons? het? niet",
	"inloggen|invullen lukt|lukte|gaat mij|me|ons? niet",
	"kan|kom ik|wij|we? niet * inloggen|ingelogd",
	"niet ingelogd",
	"krijg * niet ingevuld|verstuurd|verzonden",
	"kom er|hier? digitaal|online niet uit",
	"kom * niet uit met|op * digid|formulier|website|computer",
	"kom er niet uit * digid|formulier|website|online|computer",
	"digid|formulier|website|online * kom * niet uit",
	"snap|begrijp de|het|dit|jullie|dat? formulier|website|site|digid niet",
	"niet|geen goed|handig|verstand|ervaring met|van? een|de? computer|computers|internet|digid",
	"heb|hebben ik|wij|we? geen computer|internet|smartphone|laptop|digid",
	"snap|snappen|begrijp|weet * niet hoe * online|digitaal|digid|website|computer|formulier",
	"kan|kunnen niet overweg met * computer|computers|internet|digid",
	"kan|kunnen|krijg * digid|formulier|website * niet invullen|openen|versturen|gebruiken|verzenden",
	"digid|inloggen|formulier|webformulier werkt|doet mij|me|het? niet",
	"ik|wij|we kan|kunnen * niet digitaal",
	"niet digitaal vaardig",
	"kan|kunnen niet met * computer|computers|internet * omgaan|werken|overweg",
	"niet|nooit met de? computer|computers",
	"weet niet hoe * digid|formulier|website|online|computer * werkt|moet|invul|invullen",
	"helpen|help mij|me? met|bij het|de|mijn|een|dit? online|digitale? " NL_THING,
	/* English */
	"help|assistance|support me|us? with|using|on|for|filling|completing in|out? the|my|a|this|your? "
		"online|web? " EN_THING,
	"help me? log|logging|logged in",
	"help|helping me|us? fill|complete in|out? * form|forms",
	"digital help|coach|assistance",
	"cannot|unable|cant to? log|login|sign",
	"can|could|couldn t|not log|login|sign",
	"not able to? log|login|sign",
	"can|could t|not|cannot|unable to? fill|complete|submit|use|open in|out? the|this|your|my? "
		"online? form|forms|website|digid",
	"cannot|unable to? fill|complete|submit|use in|out? the|this|your|my? online? form|forms|website|"
		"digid|computer",
	"can t|not use|handle|work with? a|the|my? computer|computers|internet",
	"don|do t|not have a|any? computer|internet",
	"don|do t|not know how * digid|online|website|form|computer|login|log",
	"not good|handy with * computer|computers|internet",
	"need|want|needs some? help online",
	"form|website|digid|login does|doesn|isn|is t|not work|working",
	"don|do t|not understand the|this? online? " EN_THING,
	/* Polish */
	"pomoc|pomocy|pomoz|pomozcie|pomoze|pomoglby * " PL_THING,
	"pomoc cyfrow~",
	"nie moge|umiem|potrafie|udaje sie|mi? sie? zalogowac|wypelnic|wyslac * digid|formularz~|"
		"internet~|online|strone|stronie?",
	"nie mam komputera|internetu|digid",
	"nie umiem|potrafie|radze * komputer~|formularz~|internet~|digid",
	"nie dziala|rozumiem * formularz~|strona|strony|digid",
	"opcja 0|zero",
	/* Turkish */
	TR_THING " * yardim|yardima|yardimci|yardimciniz|destek",
	"yardim|yardima|yardimci|destek * " TR_THING,
	"digid~|form|forma|formu|siteye|sisteme|hesabima * giremiyorum|yapamiyorum|dolduramiyorum|"
		"acamiyorum|gonderemiyorum",
	"giris yapamiyorum",
	"bilgisayarim|bilgisayar|internetim|internet yok|kullanamiyorum|bilmiyorum|anlamiyorum",
	"bilgisayar|internet|digid~ * bilmiyorum|kullanamiyorum|anlamiyorum",
	"dijital yardim|destek",
	"secenek 0|sifir",
	/* Arabic */
	"مساعدة|مساعده|المساعدة|ساعدوني|ساعدني|تساعدوني|مساعدتي * في|ب? * " AR_THING,
	"مساعدة رقمية|الكترونية",
	"لا استطيع|اقدر|يمكنني|اعرف * الدخول|تسجيل|ملء|تعبية|استخدام * " AR_THING,
	"لا استطيع|اقدر|يمكنني تسجيل الدخول",
	"لم اتمكن|استطع من? * الدخول|تسجيل|ملء|تعبية",
	"لا اعرف كيف * " AR_THING,
	"مساعدة|ساعدوني|ساعدني|مساعدتي * تسجيل|الدخول",
	"ليس لدي|عندي * كمبيوتر|انترنت|حاسوب",
	"ما عندي كمبيوتر|انترنت",
	/* Ukrainian, and the Russian that is often written in its place */
	"допоможіть|допоможи|допомогти|допомога|допомогу|допомоги|помогите|помощь * " UK_THING,
	UK_THING " * допоможіть|допомогти|допомога|допомогу|допомоги|помогите|помощь",
	"цифров~ допомог~|помощь",
	"не можу|вдається|виходить|могу|получается * увіити|заити|воити|заповнити|заполнить|"
		"авторизуватися|авторизоваться",
	"не розумію|понимаю|працює|работает * " UK_THING,
	UK_THING " не працює|работает",
	"не вмію|умію|умею * комп~|інтернет~|интернет~|digid|онлаин",
	"не маю|мам комп~|інтернет~|интернет~",
	"немає|нема|нет комп~|інтернет~|интернет~",
};

/* the whole message: the key people know from the phone menu, or nothing but the cry for help */
static const char *const zero_messages[] = {
	"0|٠|۰|nul|zero|sifir|صفر|нуль|ноль",
	("ik? wil|graag|kies|druk|toets|press|choose|wybieram? op? optie|option|keuze|toets|opcja|secenek|"
		"опція|الخيار? 0|nul|zero|sifir|صفر|нуль|٠|۰"),
	"ik? heb|wil|zoek? graag? hulp|help nodig? graag|aub|alstublieft?",
	"can|could? you|i? please|need|want? some? help me|us? please?",
	"prosze|potrzebuje? o? pomoc|pomocy prosze?",
	"bana|lutfen? yardim|yardima|imdat edin|lazim|istiyorum|ihtiyacim? var|lutfen?",
	"احتاج|اريد? الى? مساعدة|المساعدة|ساعدوني|ساعدني من? فضلك|فضلكم?",
	"мені|я? потрібна|потребую|прошу? допомога|допомоги|допоможіть|помогите|помощь будь|пожалуиста? ласка?",
};

static const char *const formal_phrases[] = {
	"bezwaarschrift|beroepschrift|klaagschrift|ingebrekestelling|klachtbrief",
	"pro forma bezwaar|beroep",
	"maak|maken ik|wij|we? hierbij|bij|deze|dezen? * bezwaar",
	"hierbij * bezwaar",
	"ik|wij|we wil|willen|wens|wensen|ga|gaan * bezwaar maken|aantekenen|indienen tegen",
	"ik|wij|we wil|willen|wens|wensen|ga|gaan * klacht indienen over|tegen",
	"graag|hierbij wil|willen ik|wij|we * bezwaar maken|aantekenen|indienen tegen",
	"graag|hierbij wil|willen ik|wij|we * klacht indienen over|tegen",
	"ik|wij|we|hierbij ga|gaan * in beroep",
	"teken|tekenen ik|wij|we * bezwaar|beroep aan",
	"ik|wij|we|hierbij teken|tekenen * bezwaar|beroep aan",
	"ik|wij|we|hierbij dien|dienen * bezwaar|klacht|zienswijze|beroep|aanvraag|verzoek * in",
	"stel|stellen|stelt * in gebreke",
	"hierbij * klacht|zienswijze",
	"formele|officiele klacht|aanvraag|bezwaar",
	"hierbij vraag|vragen ik|wij|we * aan",
	"woo|wob|avg verzoek",
	"wooverzoek|wobverzoek",
	"beroep|verzoek op * wet open overheid",
};

/* what a bot says that does not know what to say */
static const char *const stuck_phrases[] = {
	"begrijp|begreep|snap|snapte * niet",
	"niet begrepen|gesnapt|verstaan",
	"anders formuleren|omschrijven|zeggen",
	"weet * antwoord niet",
	"geen antwoord op|gevonden",
	"did|do|didn|don|can|couldn not|t? understand|get|catch",
	"not sure i? what|understand|how",
	"rephrase|reword",
	"say|ask * another|different way",
	"nie rozumiem|zrozumialem|zrozumialam|zrozumialam",
	"sformulowac|zapytac|sprobuj inaczej",
	"anlamadim|anlayamadim|anlamiyorum",
	"baska bir? sekilde",
	"لم|لا افهم|استطع|اتمكن من? فهم?",
	"بطريقة اخرى|مختلفة",
	"не розумію|зрозумів|зрозуміла|понимаю|понял|поняла",
	"перефразуите|переформулюите|перефразируите",
};

struct match_rules {
	struct phrases *help, *zero, *formal, *stuck, *keywords;
	const struct match_word *words;      /* of each keyword */
};

struct match_rules *match_rules_new(struct arena *a, const struct match_word *words, int n_words)
{
	struct match_rules *r = arena_new_of(a, struct match_rules);
	const char **keywords = arena_array(a, const char *, (size_t)n_words);

	for (int i = 0; i < n_words; i++)
		keywords[i] = words[i].word;
	r->help = phrases_new(a, help_phrases, COUNT(help_phrases), false);
	r->zero = phrases_new(a, zero_messages, COUNT(zero_messages), false);
	r->formal = phrases_new(a, formal_phrases, COUNT(formal_phrases), false);
	r->stuck = phrases_new(a, stuck_phrases, COUNT(stuck_phrases), false);
	r->keywords = phrases_new(a, keywords, (size_t)n_words, true);
	r->words = words;
	return r;
}

bool match_option0(const struct match_rules *r, const struct phrase_words *text)
{
	return phrase_is(r->zero, text) || phrase_within(r->help, text);
}

bool match_stuck(const struct match_rules *r, const struct phrase_words *text)
{
	return phrase_within(r->stuck, text);
}

/* ---------------------------------------------------------------- the words of a municipality */

struct match_own {
	const struct phrases *whole, *anywhere; /* NULL: none */
};

static bool is_number(const char *s, size_t len)
{
	return strspn(s, "0123456789") >= len;
}

/* why it cannot be used; NULL: it can, and *plain is what it says */
static const char *own_wrong(struct arena *a, const json_t *word, const char **plain)
{
	const char *s = json_string_value(word);

	if (!s || json_string_length(word) > MATCH_OWN_BYTES)
		return "must be a text of at most 200 bytes";
	*plain = phrase_plain(a, s);
	if (!*plain)
		return "has no words";
	for (s = *plain; *s; s += strcspn(s, " "), s += *s == ' ')
		if (is_number(s, strcspn(s, " ")))
			return "a number also stands in an address";
	return NULL;
}

static void own_problem(struct bad_setting *problems, int max, int *n, const char *name, int i,
			const char *why)
{
	if (*n < max) {
		if (i < 0)
			snprintf(problems[*n].field, sizeof problems[*n].field, "%.16s", name);
		else
			snprintf(problems[*n].field, sizeof problems[*n].field, "%.16s[%d]", name, i);
		problems[*n].why = why;
	}
	(*n)++;
}

int match_own_check(const json_t *words, const char *name, struct bad_setting *problems, int max)
{
	const json_t *word;
	struct arena *a;
	const char *plain, *why;
	size_t i;
	int n = 0;

	if (!words)
		return 0;
	if (!json_is_array(words) || json_array_size(words) > MATCH_OWN_MAX)
		own_problem(problems, max, &n, name, -1, "must be a list of at most 100 texts");
	a = arena_new(OWN_ARENA_BYTES);
	json_array_foreach(words, i, word) if (i < MATCH_OWN_MAX && (why = own_wrong(a, word, &plain)))
		own_problem(problems, max, &n, name, (int)i, why);
	arena_free(a);
	return n;
}

static const struct phrases *own_phrases(struct arena *a, const char *const *texts, size_t n)
{
	return n ? phrases_new(a, texts, n, true) : NULL;
}

const struct match_own *match_own_new(struct arena *a, const json_t *words)
{
	const char *whole[MATCH_OWN_MAX], *anywhere[MATCH_OWN_MAX], *plain;
	struct match_own *own = arena_new_of(a, struct match_own);
	size_t i, n_whole = 0, n_anywhere = 0;
	const json_t *word;

	json_array_foreach(words, i, word)
	{
		if (i >= MATCH_OWN_MAX || own_wrong(a, word, &plain))
			continue;
		if (strchr(plain, ' '))
			anywhere[n_anywhere++] = plain;
		else
			whole[n_whole++] = plain;
	}
	own->whole = own_phrases(a, whole, n_whole);
	own->anywhere = own_phrases(a, anywhere, n_anywhere);
	return n_whole || n_anywhere ? own : NULL;
}

bool match_own_says(const struct match_own *own, const struct phrase_words *text)
{
	return own && ((own->whole && phrase_is(own->whole, text)) ||
		       (own->anywhere && phrase_within(own->anywhere, text)));
}

bool match_formal(const struct match_rules *r, const struct phrase_words *text, const char *product)
{
	static const char *const products[] = { "bezwaar", "klacht", "zienswijze", "beroep", "woo-verzoek" };

	for (size_t i = 0; product && i < COUNT(products); i++) {
		if (!strcmp(product, products[i]))
			return true;
	}
	return phrase_within(r->formal, text);
}

/* the longest word that stands there; of equal ones the first in the table */
struct longest {
	const struct match_word *words;
	const char *municipality;
	size_t n, i;
};

static bool longer(void *ctx, size_t i)
{
	struct longest *l = ctx;
	const struct match_word *w = &l->words[i];
	size_t n = strlen(w->word);

	if ((n > l->n || (n == l->n && i < l->i)) &&
	    (!w->municipality || !strcmp(w->municipality, l->municipality))) {
		l->n = n;
		l->i = i;
	}
	return false;
}

static const char *keyword(const struct match_rules *r, const struct phrase_words *text, const char *municipality)
{
	struct longest l = { .words = r->words, .municipality = municipality };

	phrase_each(r->keywords, text, longer, &l);
	return l.n ? l.words[l.i].product : NULL;
}

/* what the citizen says it is about, before the text itself */
static const char *subject(const struct contact *c)
{
	static const char *const keys[] = { "onderwerp", "subject", "title", "form", "formName" };
	const char *s = NULL;

	for (size_t i = 0; !s && i < sizeof keys / sizeof *keys; i++)
		s = json_string_value(json_object_get(c->fields, keys[i]));
	return s;
}

static const char *keyword_of_subject(struct arena *a, const struct match_rules *r, const struct contact *c,
                                      const char *municipality)
{
	struct phrase_words w;

	return c->fields && phrase_split(a, subject(c), &w) ? keyword(r, &w, municipality) : NULL;
}

const char *match_product(struct arena *a, const struct match_rules *r, const struct contact *c,
                          const struct phrase_words *text, const char *inbox_product, const char *municipality)
{
	const char *product = c->product ? c->product : inbox_product;

	if (!product)
		product = keyword_of_subject(a, r, c, municipality);
	if (!product)
		product = keyword(r, text, municipality);
	return product ? product : "algemeen";
}

bool match_is_general(const char *product)
{
	return !strcmp(product, "algemeen");
}

/* the newest case for which ok is true; -1 when there is none */
struct question {
	const char *product, *inbox, *post;
	bool conversational;
	int64_t now_us;
};

static bool same_conversation(const struct question *q, const struct match_case *k)
{
	return q->conversational && k->state != CASE_CLOSED && !strcmp(k->inbox, q->inbox);
}

static bool same_question(const struct question *q, const struct match_case *k)
{
	return !strcmp(k->product, q->product) && (!match_is_general(q->product) || !strcmp(k->inbox, q->inbox));
}

static bool open_question(const struct question *q, const struct match_case *k)
{
	return k->state != CASE_CLOSED && same_question(q, k);
}

static bool came_back(const struct question *q, const struct match_case *k)
{
	bool recent = q->now_us - k->closed_us < REOPEN_US;
	bool unnamed = q->post || (q->conversational && match_is_general(q->product) && !strcmp(k->inbox, q->inbox));

	return k->state == CASE_CLOSED && k->outcome != OUTCOME_SPAM && recent &&
	       (unnamed || same_question(q, k));
}

static bool on_inbox(const struct question *q, const struct match_case *k)
{
	return !strcmp(k->inbox, q->inbox);
}

static bool any_case(const struct question *q, const struct match_case *k)
{
	(void)q;
	(void)k;
	return true;
}

/* in public under the same post, or both private */
static bool same_place(const struct question *q, const struct match_case *k)
{
	if (!q->post || !k->post)
		return q->post == k->post;
	return !strcmp(q->post, k->post) && !strcmp(q->inbox, k->inbox);
}

static int newest(const struct question *q, const struct match_case *cases, int n,
                  bool (*ok)(const struct question *, const struct match_case *))
{
	int best = -1;

	for (int i = 0; i < n; i++) {
		if (same_place(q, &cases[i]) && ok(q, &cases[i]) &&
		    (best < 0 || cases[i].last_contact_us > cases[best].last_contact_us))
			best = i;
	}
	return best;
}

/* in the order of the rules; what only follows comes first, because it must change nothing */
static const struct rule {
	bool follows;
	bool (*ok)(const struct question *, const struct match_case *);
	enum match_kind kind;
	const char *why;
} rules[] = {
	{ true, on_inbox, MATCH_FOLLOW, "follows the newest case of this conversation" },
	{ true, any_case, MATCH_FOLLOW, "follows the newest case" },
	{ false, same_conversation, MATCH_JOIN, "same conversation" },
	{ false, open_question, MATCH_JOIN, "same question, still open" },
	{ false, came_back, MATCH_REOPEN, "same question, closed a short time ago" },
};

struct match_result match_case_for(const struct contact *c, const char *product, bool conversational,
				   const char *inbox, const struct match_case *cases, int n_cases,
				   int64_t now_us)
{
	const char *post = contact_post(c);
	const struct question q = { product, inbox, post, conversational || post, now_us };
	bool follows = !contact_opens_case(c);

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		int k = rules[i].follows == follows ? newest(&q, cases, n_cases, rules[i].ok) : -1;

		if (k >= 0)
			return (struct match_result){ rules[i].kind, k, rules[i].why };
	}
	return (struct match_result){ MATCH_NEW, -1, n_cases ? "another question" : "first contact" };
}
