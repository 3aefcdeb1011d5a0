/* lib/core/match: products, option 0, formal messages, which case */
#include "tests/unit/unit.h"

#include "lib/base/jsonx.h"
#include "lib/core/match.h"

#include <stdio.h>

/* every line must be understood as a request for help with doing it digitally */
static const char *const help[] = {
	"0", " 0 ", "0.", "\"0\"", "(0)", "0!", "0\xef\xb8\x8f\xe2\x83\xa3", "\xef\xbc\x90", "٠", "۰", "0\n", "*0#", "optie 0", "Optie nul",
	"druk 0", "press 0", "nul", "Zero", "Option 0", "opcja 0", "seçenek 0", "sıfır", "صفر", "нуль",
	/* Dutch */
	"Ik heb hulp nodig met DigiD", "hulp bij DigiD", "Kunt u mij helpen met het formulier?", "ik heb hulp nodig bij het invullen",
	"kunnen jullie me helpen met inloggen", "De DigiD-stap lukt niet.", "het lukt niet om in te loggen", "inloggen lukt niet",
	"het lukt mij niet online", "Ik krijg de verhuizing niet ingevuld, de DigiD-stap lukt niet.", "digitale hulp graag",
	"ik kom er digitaal niet uit", "Ik snap de website niet", "ik ben een digibeet", "Ik ben niet handig met computers",
	"ik heb geen computer", "ik kan niet inloggen", "Het formulier lukt me niet", "online lukt het niet",
	"ik kom er niet uit met het formulier", "hulp nodig met de website", "Hulp", "help!", "Ik heb hulp nodig",
	"Ik kan niet overweg met de computer", "ik kan het formulier niet invullen", "Mijn DigiD werkt niet", "Ik heb geen DigiD",
	"ik snap niet hoe ik online een afspraak moet maken", "ik kan dit niet digitaal", "Wie kan mij helpen met het digitale formulier?",
	/* English */
	"I need help with the online form please", "Can you help me with DigiD?", "I can't log in", "I cannot log in to DigiD",
	"I don't have a computer", "help me fill in the form", "the website does not work", "I am unable to submit the form",
	"I do not understand the website", "could not log in", "I need help", "Please help me!", "I don't know how to use DigiD",
	"I am not good with computers", "I need some help online",
	/* Polish */
	"Potrzebuję pomocy z formularzem", "Nie mogę się zalogować", "proszę o pomoc przy DigiD", "nie mam komputera",
	"Nie umiem wypełnić formularza online", "Pomoc", "Potrzebuję pomocy", "Nie umiem korzystać z komputera",
	/* Turkish */
	"Form doldurmak için yardım istiyorum", "DigiD'ye giremiyorum", "giriş yapamıyorum", "İnternet kullanamıyorum",
	"online başvuru için yardıma ihtiyacım var", "Yardım", "Yardıma ihtiyacım var", "Bilgisayar kullanmayı bilmiyorum",
	"Formu doldurmama yardım eder misiniz?",
	/* Arabic */
	"مساعدة", "أحتاج مساعدة", "لا أعرف كيف أستخدم DigiD", "أحتاج إلى مساعدة في ملء الاستمارة", "لا أستطيع تسجيل الدخول", "ساعدوني في الموقع", "ليس لدي كمبيوتر",
	/* Ukrainian, Russian */
	"Не можу увійти в DigiD, допоможіть будь ласка.", "Допоможіть заповнити форму", "не можу заповнити анкету", "не маю комп'ютера",
	"Помогите с сайтом", "Не могу войти", "Допомога", "Потрібна допомога", "Не вмію користуватися комп'ютером",
};

/* and these are other questions */
static const char *const no_help[] = {
	"", " ", "00", "10", "0,5", "0612345678", "0 euro", "Ik heb 0 reacties gehad", "nul op het rekest", "€0", "0%",
	"Ik wil graag hulp in de huishouding aanvragen", "Hoe laat gaat het zwembad open?", "Mijn paspoort is kwijt",
	"Kan ik online een afspraak maken?", "Waar vind ik het formulier voor bezwaar?", "Mijn container is niet geleegd",
	"Ik wil mijn rijbewijs verlengen met DigiD", "De lantaarnpaal in mijn straat werkt niet", "Kunt u mij helpen met mijn paspoort?",
	"Ik kom er niet uit met mijn buurman", "Wanneer krijg ik hulp van het wijkteam?", "Is de website van het zwembad veranderd?",
	"Dank u, het is gelukt", "Kan dit niet online?", "Help de buurt schoon te houden", "Bedankt voor de hulp", "hulp bij geldzaken",
	"Thanks for your help", "Can you help me find the town hall?", "Pomoc społeczna", "Ev yardımı başvurusu", "مساعدة مالية",
	"Соціальна допомога", "De website van de bibliotheek is mooi", "ik heb het formulier ingevuld en verstuurd", "Ik kan niet komen morgen",
	"Hello, what are the opening hours?", "Can I pay online?", "I can log in now, thanks", "My street light does not work",
	"Can you help me with a passport?", "Do you have the form in English?",
	"Chciałbym przedłużyć prawo jazdy", "Gdzie mogę zapłacić?", "Pasaportumu kaybettim", "Ehliyetimi yenilemek istiyorum",
	"متى تفتح البلدية؟", "أريد تجديد جواز السفر", "Як продовжити паспорт?", "Коли працює муніципалітет?",
};

static bool asks_for_help(struct arena *a, const char *text)
{
	struct phrase_words w;

	phrase_split(a, text, &w);
	return match_option0(match_rules_new(a, NULL, 0), &w);
}

static bool is_formal(struct arena *a, const char *text, const char *product)
{
	struct phrase_words w;

	phrase_split(a, text, &w);
	return match_formal(match_rules_new(a, NULL, 0), &w, product);
}

static const char *product_of(struct arena *a, const struct contact *c, const char *inbox_product,
                              const char *municipality, const struct match_word *some_words, int n)
{
	struct phrase_words w;

	phrase_split(a, c->text, &w);
	return match_product(a, match_rules_new(a, some_words, n), c, &w, inbox_product, municipality);
}

/* all that is wrong at once: phrases are tuned together */
static int differs(bool got, bool want, const char *text)
{
	if (got != want)
		fprintf(stderr, "%s: %s\n", want ? "missed" : "taken for one", text);
	return got != want;
}

START_TEST(a_bot_is_stuck)
{
	static const char *const is[] = {
		"Dat begrijp ik helaas niet.",   "Sorry, ik heb u niet begrepen",
		"Kunt u dat anders formuleren?", "I'm sorry, I didn't understand that.",
		"Could you rephrase that?",      "Przepraszam, nie rozumiem.",
		"Üzgünüm, anlamadım.",           "عذرا، لم أفهم سؤالك",
		"Вибачте, я не зрозумів",        "Извините, я не понял вопрос"};
	static const char *const is_not[] = {"Waarmee kan ik helpen?",
					     "Uw afspraak is gemaakt",
					     "How can I help you?",
					     "Dziękuję",
					     "Teşekkürler",
					     "Будь ласка",
					     "Begrijpt u dit?"};
	struct arena *a = arena_new(4 << 20);
	const struct match_rules *r = match_rules_new(a, NULL, 0);
	struct phrase_words w;
	int n = 0;

	for (size_t i = 0; i < COUNT(is); i++) {
		phrase_split(a, is[i], &w);
		n += differs(match_stuck(r, &w), true, is[i]);
	}
	for (size_t i = 0; i < COUNT(is_not); i++) {
		phrase_split(a, is_not[i], &w);
		n += differs(match_stuck(r, &w), false, is_not[i]);
	}
	ck_assert_int_eq(n, 0);
	arena_free(a);
}
END_TEST

/* the words of a municipality: one is the whole message, more stand anywhere, a number is none */
START_TEST(own_words)
{
	static const char *const asks[] = {"Digihulp", " digihulp! ", "Kan iemand EVEN meekijken?",
					   "Hallo, kan iemand even meekijken aub"};
	static const char *const does_not[] = {"De digihulp was fijn", "Dorpsstraat 0", "0",
					       "kan iemand meekijken", ""};
	struct arena *a = arena_new(4 << 20);
	json_t *s = json_loads("{\"option0\": {\"words\": [\"digihulp\", \"kan iemand even meekijken\", "
			       "\"0\", \"straat 0\", \"!\", 7]}}",
			       0, NULL);
	const struct match_own *own =
		match_own_new(a, json_object_get(json_object_get(s, "option0"), "words"));
	struct bad_setting p[8];
	struct phrase_words w;

	for (size_t i = 0; i < COUNT(asks); i++) {
		phrase_split(a, asks[i], &w);
		ck_assert_msg(match_own_says(own, &w), "%s", asks[i]);
	}
	for (size_t i = 0; i < COUNT(does_not); i++) {
		phrase_split(a, does_not[i], &w);
		ck_assert_msg(!match_own_says(own, &w), "%s", does_not[i]);
	}
	ck_assert_int_eq(
		match_own_check(json_object_get(json_object_get(s, "option0"), "words"), "words", p, 8), 4);
	ck_assert_str_eq(p[0].field, "words[2]");
	ck_assert_str_eq(p[3].field, "words[5]");
	json_decref(s);
	s = json_loads("{\"option0\": {\"words\": \"hulp\"}}", 0, NULL);
	ck_assert_int_eq(
		match_own_check(json_object_get(json_object_get(s, "option0"), "words"), "words", p, 1), 1);
	ck_assert_str_eq(p[0].field, "words");
	ck_assert_ptr_null(match_own_new(a, json_object_get(json_object_get(s, "option0"), "words")));
	json_decref(s);
	ck_assert_int_eq(match_own_check(NULL, "words", p, 1), 0);
	ck_assert(!match_own_says(NULL, &w));
	arena_free(a);
}
END_TEST

START_TEST(option0)
{
	struct arena *a = arena_new(16 << 20);

	int wrong = 0;

	for (size_t i = 0; i < COUNT(help); i++)
		wrong += differs(asks_for_help(a, help[i]), true, help[i]);
	for (size_t i = 0; i < COUNT(no_help); i++)
		wrong += differs(asks_for_help(a, no_help[i]), false, no_help[i]);
	ck_assert_int_eq(wrong, 0);
	ck_assert(!asks_for_help(a, NULL) && !asks_for_help(a, "\xff"));
	arena_free(a);
}
END_TEST

START_TEST(formal)
{
	struct arena *a = arena_new(16 << 20);
	static const char *const yes[] = {
		"Hierbij maak ik bezwaar tegen uw besluit", "Ik maak bezwaar tegen de boete", "ik dien een klacht in over de behandeling",
		"Bezwaarschrift WOZ", "Hierbij stel ik u in gebreke", "ingebrekestelling", "Ik teken beroep aan", "Formele klacht",
		"ik stel de gemeente in gebreke", "Hierbij vraag ik een vergunning aan", "Hierbij dien ik een aanvraag in", "Woo-verzoek",
		"Ik wil officieel bezwaar maken tegen de naheffing van 4 november", "Wij willen bezwaar aantekenen tegen het besluit",
		"ik wil graag een klacht indienen over hoe ik aan de balie behandeld ben", "Ik ga in beroep tegen deze beschikking",
	};
	static const char *const no[] = {
		"Hoe kan ik bezwaar maken?", "Ik wil een paspoort aanvragen", "Ik heb daar geen bezwaar tegen", "mijn klachten zijn over",
		"ik heb een klacht over mijn container", "De aanvraag is gelukt", "",
		"Ik wil bezwaar maken, hoe doe ik dat?", "Waar kan ik een klacht indienen?", "Hoe ga ik in beroep?", "Kan ik nog in beroep?",
	};

	int wrong = 0;

	for (size_t i = 0; i < COUNT(yes); i++)
		wrong += differs(is_formal(a, yes[i], "algemeen"), true, yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		wrong += differs(is_formal(a, no[i], "algemeen"), false, no[i]);
	ck_assert_int_eq(wrong, 0);
	ck_assert(is_formal(a, "zie bijlage", "bezwaar") && !is_formal(a, NULL, NULL));
	arena_free(a);
}
END_TEST

static const struct match_word words[] = {
	{ NULL, "rijbewijs", "rijbewijs" }, { NULL, "parkeren", "parkeervergunning" }, { NULL, "id", "vermissing-reisdocument" },
	{ NULL, "gehandicapten parkeren", "gehandicaptenparkeerkaart" }, { "dordrecht", "pas", "dordtpas" },
	{ NULL, "afspraak", "afspraak" }, { NULL, "verhuizing", "adreswijziging" }, { NULL, "verhuizen", "adreswijziging" },
	{ NULL, "verblijf", "bezoekersregeling" },
};

START_TEST(products)
{
	struct arena *a = arena_new(16 << 20);
	static const struct { const char *text, *municipality, *product; } v[] = {
		{ "Mijn RIJBEWIJS is verlopen", "dordrecht", "rijbewijs" }, { "rijbewijs", "dordrecht", "rijbewijs" },
		{ "Rijbéwijs?", "dordrecht", "rijbewijs" }, { "rijbewijzen", "dordrecht", "algemeen" },
		{ "mijn id-kaart", "dordrecht", "vermissing-reisdocument" }, { "identiteit", "dordrecht", "algemeen" },
		{ "gehandicapten  parkeren", "dordrecht", "gehandicaptenparkeerkaart" }, { "parkeren, gehandicapten", "dordrecht", "parkeervergunning" },
		{ "de pas", "dordrecht", "dordtpas" }, { "de pas", "zwijndrecht", "algemeen" }, { "", "dordrecht", "algemeen" },
		{ "afspraak rijbewijs", "dordrecht", "rijbewijs" }, { "afspraak verblijf", "dordrecht", "afspraak" },
		{ "verhuizing", "dordrecht", "adreswijziging" },
	};
	struct contact c = { 0 };

	for (size_t i = 0; i < COUNT(v); i++) {
		c.text = v[i].text;
		const char *p = product_of(a, &c, NULL, v[i].municipality, words, COUNT(words));
		ck_assert_msg(!strcmp(p, v[i].product), "%s: %s", v[i].text, p);
	}
	c.text = "over mijn rijbewijs";
	ck_assert_str_eq(product_of(a, &c, "afspraak", "dordrecht", words, COUNT(words)), "afspraak");
	c.product = "huwelijk";
	ck_assert_str_eq(product_of(a, &c, "afspraak", "dordrecht", words, COUNT(words)), "huwelijk");
	c.product = NULL;
	c.fields = jsonx_own(a, json_pack("{s:s}", "onderwerp", "Verhuizing doorgeven"));
	ck_assert_str_eq(product_of(a, &c, NULL, "dordrecht", words, COUNT(words)), "adreswijziging");
	c.text = NULL;
	c.fields = NULL;
	ck_assert_str_eq(product_of(a, &c, NULL, "dordrecht", words, 0), "algemeen");
	arena_free(a);
}
END_TEST

#define DAY INT64_C(86400000000)
static const struct match_case cases[] = {
	{ "a", "wa", "rijbewijs", NULL, CASE_CLOSED, OUTCOME_SOLVED, 100 * DAY, 100 * DAY },
	{ "b", "wa", "algemeen", NULL, CASE_CLOSED, OUTCOME_SPAM, 105 * DAY, 105 * DAY },
	{ "c", "mail", "huwelijk", NULL, CASE_QUEUED, OUTCOME_NONE, 0, 103 * DAY },
	{ "d", "wa", "rijbewijs", NULL, CASE_ASSIGNED, OUTCOME_NONE, 0, 102 * DAY },
	{ "e", "mail", "algemeen", NULL, CASE_OFFERED, OUTCOME_NONE, 0, 101 * DAY },
};

/* which: the cases the party has, as letters */
static void goes_to(const char *which, enum contact_kind kind, const char *product, const char *inbox, int64_t now,
                    enum match_kind want, char want_case)
{
	struct match_case some[5];
	int n = 0;

	for (; *which; which++)
		some[n++] = cases[*which - 'a'];
	struct contact c = { .kind = kind };
	struct match_result r = match_case_for(&c, product, !strcmp(inbox, "wa"), inbox, some, n, now);
	ck_assert_int_eq(r.kind, want);
	ck_assert(r.why && (want == MATCH_NEW ? r.index == -1 : *some[r.index].id == want_case));
}

START_TEST(which_case)
{
	goes_to("", KIND_TEXT, "algemeen", "wa", 0, MATCH_NEW, 0);
	/* a conversation goes on, whatever it is about */
	goes_to("cd", KIND_TEXT, "huwelijk", "wa", 103 * DAY, MATCH_JOIN, 'd');
	goes_to("cd", KIND_TEXT, "algemeen", "wa", 103 * DAY, MATCH_JOIN, 'd');
	/* the same question by another way; "algemeen" is no question */
	goes_to("ce", KIND_FORM, "huwelijk", "form", 103 * DAY, MATCH_JOIN, 'c');
	goes_to("d", KIND_FORM, "rijbewijs", "form", 103 * DAY, MATCH_JOIN, 'd');
	goes_to("e", KIND_FORM, "algemeen", "form", 103 * DAY, MATCH_NEW, 0);
	goes_to("e", KIND_FORM, "algemeen", "mail", 103 * DAY, MATCH_JOIN, 'e');
	goes_to("cde", KIND_FORM, "parkeervergunning", "form", 103 * DAY, MATCH_NEW, 0);
	/* back within a week, to the microsecond */
	goes_to("a", KIND_TEXT, "rijbewijs", "wa", 107 * DAY - 1, MATCH_REOPEN, 'a');
	goes_to("a", KIND_TEXT, "rijbewijs", "wa", 107 * DAY, MATCH_NEW, 0);
	goes_to("a", KIND_TEXT, "algemeen", "wa", 101 * DAY, MATCH_REOPEN, 'a');
	goes_to("a", KIND_FORM, "rijbewijs", "form", 101 * DAY, MATCH_REOPEN, 'a');
	goes_to("a", KIND_FORM, "algemeen", "form", 101 * DAY, MATCH_NEW, 0);
	goes_to("a", KIND_TEXT, "huwelijk", "wa", 101 * DAY, MATCH_NEW, 0);
	/* what was spam is not opened again */
	goes_to("b", KIND_TEXT, "algemeen", "wa", 105 * DAY, MATCH_NEW, 0);
	goes_to("ab", KIND_TEXT, "algemeen", "wa", 105 * DAY, MATCH_REOPEN, 'a');
	/* open comes before closed */
	goes_to("ad", KIND_TEXT, "rijbewijs", "wa", 103 * DAY, MATCH_JOIN, 'd');
	/* what only follows opens and reopens nothing, and stays in its conversation */
	goes_to("ac", KIND_REACTION, "algemeen", "wa", 101 * DAY, MATCH_FOLLOW, 'a');
	goes_to("abcde", KIND_DELETE, "algemeen", "wa", 101 * DAY, MATCH_FOLLOW, 'b');
	goes_to("ce", KIND_EDIT, "algemeen", "wa", 101 * DAY, MATCH_FOLLOW, 'c');
	goes_to("a", KIND_SYSTEM, "algemeen", "wa", 200 * DAY, MATCH_FOLLOW, 'a');
	goes_to("", KIND_SYSTEM, "algemeen", "wa", 200 * DAY, MATCH_NEW, 0);
}
END_TEST

static const struct match_case public_cases[] = {
	{ "a", "fb", "algemeen", "post-1", CASE_TRIAGE, OUTCOME_NONE, 0, 101 * DAY },
	{ "b", "fb", "rijbewijs", "post-2", CASE_CLOSED, OUTCOME_NOT_FOR_US, 100 * DAY, 100 * DAY },
	{ "c", "fb", "algemeen", "post-3", CASE_CLOSED, OUTCOME_SPAM, 101 * DAY, 101 * DAY },
	{ "d", "fb", "algemeen", NULL, CASE_ASSIGNED, OUTCOME_NONE, 0, 99 * DAY },
};

/* post: of what is said in public; NULL: in private */
static struct match_result said(const char *post, enum contact_kind kind, const char *inbox, int64_t now)
{
	struct contact c = { .kind = kind, .visibility = post ? VISIBILITY_PUBLIC : VISIBILITY_PRIVATE, .provider_id = "1" };
	struct match_result r;

	c.fields = post ? json_pack("{s:s}", "post", post) : NULL;
	r = match_case_for(&c, "algemeen", true, inbox, public_cases, 4, now);
	json_decref(c.fields);
	return r;
}

START_TEST(what_is_public_stays_under_its_post)
{
	ck_assert_int_eq(said("post-1", KIND_TEXT, "fb", 102 * DAY).index, 0);
	ck_assert_int_eq(said("post-1", KIND_TEXT, "x", 102 * DAY).index, -1);
	ck_assert_int_eq(said("post-2", KIND_TEXT, "fb", 102 * DAY).index, 1);    /* another product, the same post */
	ck_assert_int_eq(said("post-2", KIND_TEXT, "fb", 102 * DAY).kind, MATCH_REOPEN);
	ck_assert_int_eq(said("post-2", KIND_TEXT, "fb", 108 * DAY).kind, MATCH_NEW);
	ck_assert_int_eq(said("post-3", KIND_TEXT, "fb", 102 * DAY).kind, MATCH_NEW);
	ck_assert_int_eq(said("post-9", KIND_TEXT, "fb", 102 * DAY).kind, MATCH_NEW);
	ck_assert_int_eq(said("post-3", KIND_DELETE, "fb", 102 * DAY).index, 2);
	ck_assert_int_eq(said("post-9", KIND_REACTION, "fb", 102 * DAY).kind, MATCH_NEW);
	ck_assert_int_eq(said(NULL, KIND_TEXT, "fb", 102 * DAY).index, 3);        /* never to a public case */
	ck_assert_int_eq(said(NULL, KIND_REACTION, "fb", 102 * DAY).index, 3);
}
END_TEST

START_TEST(the_root_of_what_is_public)
{
	struct contact c = { .provider_id = "10", .visibility = VISIBILITY_PUBLIC };

	ck_assert_str_eq(contact_post(&c), "10");                                 /* it is the root itself */
	c.fields = json_pack("{s:i}", "post", 5);
	ck_assert_str_eq(contact_post(&c), "10");
	json_object_set_new(c.fields, "post", json_string("7"));
	ck_assert_str_eq(contact_post(&c), "7");
	c.visibility = VISIBILITY_PRIVATE;
	ck_assert_ptr_null(contact_post(&c));
	json_decref(c.fields);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {option0,
				      own_words,
				      a_bot_is_stuck,
				      formal,
				      products,
				      which_case,
				      what_is_public_stays_under_its_post,
				      the_root_of_what_is_public};

	return unit_run("match", tests, COUNT(tests));
}
