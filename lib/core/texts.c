#include "lib/core/texts.h"

#include "lib/core/article.h"

#include <stdio.h>
#include <string.h>

#define TIME_FIELD "{{tijd}}"

static const char *const names[N_TEXT_KINDS] = {
	[TEXT_HELP_NOW] = "helpNow",
	[TEXT_HELP_LATER] = "helpLater",
	[TEXT_HELP_CALL] = "helpCall",
	[TEXT_CALLBACK] = "callback",
	[TEXT_CALLBACK_NUMBER] = "callbackNumber",
	[TEXT_COUNTER] = "counter",
};

static const struct built_in {
	const char *language, *text[N_TEXT_KINDS];
} built_in[] = {
	{"nl",
	 {"Een medewerker helpt u. Dat is nu. "
	  "Wilt u liever gebeld worden? Antwoord 1. Liever een afspraak aan de balie? Antwoord 2.",
	  "Een medewerker helpt u. Dat is voor " TIME_FIELD " uur. "
	  "Wilt u liever gebeld worden? Antwoord 1. Liever een afspraak aan de balie? Antwoord 2.",
	  "Er is nu geen medewerker. Wij bellen u. Dat is voor " TIME_FIELD " uur. "
	  "Liever een afspraak aan de balie? Antwoord 2. U mag hier ook verder schrijven.",
	  "Wij bellen u. Dat is voor " TIME_FIELD " uur.",
	  "Wij weten uw telefoonnummer niet. Wilt u het hier schrijven? "
	  "Een medewerker antwoordt voor " TIME_FIELD " uur.",
	  "Wij maken met u een afspraak aan de balie. U hoort van ons voor " TIME_FIELD " uur."}},
	{"en",
	 {"A person will help you now. "
	  "Would you rather be called? Reply 1. Would you rather come to our desk? Reply 2.",
	  "A person will help you, before " TIME_FIELD ". "
	  "Would you rather be called? Reply 1. Would you rather come to our desk? Reply 2.",
	  "Nobody is here right now. We will call you, before " TIME_FIELD ". "
	  "Would you rather come to our desk? Reply 2. You can also go on writing here.",
	  "We will call you, before " TIME_FIELD ".",
	  "We do not know your telephone number. Please write it here. "
	  "A person will answer before " TIME_FIELD ".",
	  "We will make an appointment with you at our desk. You will hear from us before " TIME_FIELD "."}},
	{"pl",
	 {"Nasz pracownik pomoże teraz. "
	  "Wolisz rozmowę telefoniczną? Odpowiedz 1. Wolisz wizytę w urzędzie? Odpowiedz 2.",
	  "Nasz pracownik pomoże, najpóźniej: " TIME_FIELD ". "
	  "Wolisz rozmowę telefoniczną? Odpowiedz 1. Wolisz wizytę w urzędzie? Odpowiedz 2.",
	  "Teraz nie ma pracownika. Zadzwonimy, najpóźniej: " TIME_FIELD ". "
	  "Wolisz wizytę w urzędzie? Odpowiedz 2. Możesz też dalej pisać tutaj.",
	  "Zadzwonimy, najpóźniej: " TIME_FIELD ".",
	  "Nie znamy Twojego numeru telefonu. Napisz go tutaj. "
	  "Nasz pracownik odpowie, najpóźniej: " TIME_FIELD ".",
	  "Umówimy wizytę w urzędzie. Odezwiemy się, najpóźniej: " TIME_FIELD "."}},
	{"tr",
	 {"Bir çalışanımız size şimdi yardım edecek. "
	  "Sizi aramamızı mı istersiniz? 1 yazın. Belediyede randevu mu istersiniz? 2 yazın.",
	  "Bir çalışanımız size yardım edecek. En geç: " TIME_FIELD ". "
	  "Sizi aramamızı mı istersiniz? 1 yazın. Belediyede randevu mu istersiniz? 2 yazın.",
	  "Şu anda çalışanımız yok. Sizi arayacağız. En geç: " TIME_FIELD ". "
	  "Belediyede randevu mu istersiniz? 2 yazın. Buraya yazmaya da devam edebilirsiniz.",
	  "Sizi arayacağız. En geç: " TIME_FIELD ".",
	  "Telefon numaranızı bilmiyoruz. Lütfen buraya yazın. "
	  "Bir çalışanımız cevap verecek. En geç: " TIME_FIELD ".",
	  "Sizin için belediyede bir randevu ayarlayacağız. Size haber vereceğiz. En geç: " TIME_FIELD "."}},
	{"ar",
	 {"سيساعدك أحد موظفينا الآن. "
	  "هل تفضل أن نتصل بك؟ أجب بالرقم 1. هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2.",
	  "سيساعدك أحد موظفينا في موعد أقصاه: " TIME_FIELD ". "
	  "هل تفضل أن نتصل بك؟ أجب بالرقم 1. هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2.",
	  "لا يوجد موظف الآن. سنتصل بك في موعد أقصاه: " TIME_FIELD ". "
	  "هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2. يمكنك أيضًا متابعة الكتابة هنا.",
	  "سنتصل بك في موعد أقصاه: " TIME_FIELD ".",
	  "لا نعرف رقم هاتفك. اكتبه هنا من فضلك. "
	  "سيجيبك أحد موظفينا في موعد أقصاه: " TIME_FIELD ".",
	  "سنحدد معك موعدًا في مكتب البلدية. سنخبرك في موعد أقصاه: " TIME_FIELD "."}},
	{"uk",
	 {"Працівник допоможе вам зараз. "
	  "Бажаєте, щоб вам зателефонували? Напишіть 1. Бажаєте прийти до муніципалітету? Напишіть 2.",
	  "Працівник допоможе вам, не пізніше: " TIME_FIELD ". "
	  "Бажаєте, щоб вам зателефонували? Напишіть 1. Бажаєте прийти до муніципалітету? Напишіть 2.",
	  "Зараз немає працівника. Ми зателефонуємо вам, не пізніше: " TIME_FIELD ". "
	  "Бажаєте прийти до муніципалітету? Напишіть 2. Можна також писати далі тут.",
	  "Ми зателефонуємо вам, не пізніше: " TIME_FIELD ".",
	  "Ми не знаємо вашого номера телефону. Напишіть його тут. "
	  "Працівник відповість, не пізніше: " TIME_FIELD ".",
	  "Ми домовимося з вами про зустріч у муніципалітеті. Ми повідомимо вас, не пізніше: " TIME_FIELD
	  "."}},
};

/* ------------------------------------------------------------------ what a municipality sets */

static bool is_time(const char *text, const struct article_place *p)
{
	return p->len == strlen(TIME_FIELD) && !strncmp(text + p->at, TIME_FIELD, p->len);
}

static bool is_name(const char *s)
{
	for (int i = 0; i < N_TEXT_KINDS; i++)
		if (!strcmp(names[i], s))
			return true;
	return false;
}

/* why a text cannot be used; NULL: it can */
static const char *wrong(const char *name, const json_t *text)
{
	const char *s = json_string_value(text);
	struct article_place p = {0};
	int n_times = 0;

	if (!is_name(name))
		return "no text of ours: helpNow, helpLater, helpCall, callback, callbackNumber or counter";
	if (!s || !*s || json_string_length(text) > TEXTS_MAX_BYTES)
		return "must be a text of 1 to 1000 bytes";
	for (size_t from = 0; article_next(s, from, &p); from = p.at + p.len) {
		if (!is_time(s, &p))
			return "the only field is " TIME_FIELD;
		n_times++;
	}
	if (n_times != (strcmp(name, names[TEXT_HELP_NOW]) != 0))
		return "says " TIME_FIELD " once; only helpNow does not";
	return NULL;
}

static bool is_language(const char *s)
{
	return strlen(s) == 2 && strspn(s, "abcdefghijklmnopqrstuvwxyz") == 2;
}

/* language and name: NULL for what is above it */
static void tell(struct bad_setting *problems, int max, int *n, const char *language, const char *name,
		 const char *why)
{
	if (*n < max) {
		snprintf(problems[*n].field, sizeof problems[*n].field, "%.14s%s%.14s",
			 language ? language : "", name ? "." : "", name ? name : "");
		problems[*n].why = why;
	}
	(*n)++;
}

int texts_check(const json_t *settings, struct bad_setting *problems, int max)
{
	json_t *texts = json_object_get(settings, "texts"), *of, *text;
	const char *language, *name, *why;
	int n = 0;

	if (texts && !json_is_object(texts))
		tell(problems, max, &n, NULL, NULL, "must be an object of languages");
	json_object_foreach(texts, language, of)
	{
		if (!is_language(language) || !json_is_object(of))
			tell(problems, max, &n, language, NULL,
			     "must be a language of two letters with an object");
		json_object_foreach(of, name, text) if ((why = wrong(name, text)))
			tell(problems, max, &n, language, name, why);
	}
	return n;
}

/* ------------------------------------------------------------------ saying it */

static const char *find(const json_t *settings, enum text_kind kind, const char *language)
{
	const json_t *own =
		json_object_get(json_object_get(json_object_get(settings, "texts"), language), names[kind]);

	if (own && !wrong(names[kind], own))
		return json_string_value(own);
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		if (!strcmp(built_in[i].language, language))
			return built_in[i].text[kind];
	return NULL;
}

const char *texts_say(struct arena *a, const json_t *settings, enum text_kind kind, const char *language,
		      const char *time)
{
	const char *text = language ? find(settings, kind, language) : NULL;
	struct article_place p;

	if (!text)
		text = find(settings, kind, "nl");
	if (!article_next(text, 0, &p))
		return arena_str(a, text);
	return arena_printf(a, "%.*s%s%s", (int)p.at, text, time, text + p.at + p.len);
}

/* ------------------------------------------------------------------ what comes back */

/* a digit as people's keyboards have it: also Arabic-Indic and Persian */
static const struct {
	const char *digit, *preference;
} answers[] = {
	{"1", "callback"}, {"١", "callback"}, {"۱", "callback"},
	{"2", "counter"},  {"٢", "counter"},  {"۲", "counter"},
};

const char *texts_preference(const char *text)
{
	if (!text)
		return NULL;
	text += strspn(text, " \t\r\n\"'(");
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		size_t n = strlen(answers[i].digit);

		if (strncmp(text, answers[i].digit, n) != 0)
			continue;
		n += strspn(text + n, " \t\"').!");
		if (text[n] == '\0' || text[n] == '\r' ||
		    text[n] == '\n') /* below it a mail has what it answers */
			return answers[i].preference;
	}
	return NULL;
}
