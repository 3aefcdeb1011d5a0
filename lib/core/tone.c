#include "lib/core/tone.h"

#include <string.h>

enum { REACH = 2 }; /* words between "niet" and what it turns around */

/* folded. With ~: every word that begins so */
static const char *const positive[] = {
	"aangenaam", "behulpzaam", "blij", "bedankt", "complimenten", "compliment", "dank", "dankbaar", "dankjewel",
	"fantastisch~", "fijn", "fijne", "fraai", "geniet~", "geslaagd", "geweldig", "geweldige", "goed", "goede", "gelukkig",
	"handig", "hulde", "keurig", "knap", "leuk", "leuke", "lekker", "lief", "mooi", "mooie", "mooier", "netjes",
	"opgelost", "perfect", "prachtig", "prachtige", "prettig", "prima", "schitterend", "schoon", "super", "tevreden",
	"top", "toppers", "trots", "uitstekend", "vriendelijk", "vriendelijke", "vrolijk", "waardeer", "waardering", "zalig",
	"zorgvuldig",
};
static const char *const negative[] = {
	"absurd", "bang", "belachelijk", "boos", "brutaal", "defect", "dieptriest", "drama", "ellende",
	"frustrerend", "gedoe", "gestolen", "gevaarlijk", "gevaarlijke", "hinder", "hopeloos", "irritant", "jammer", "kapot", "kapotte",
	"klacht", "klachten", "klote", "kut", "kwaad", "lek", "losliggend~", "misselijk~", "mislukt", "moe", "nergens", "onacceptabel",
	"onbegrijpelijk", "onbereikbaar", "onveilig", "onveilige", "onzin", "overlast", "ramp", "rommel", "rotzooi", "schandalig",
	"schande", "schade", "slecht", "slechte", "smerig", "stank", "stinkt", "stuk", "teleurgesteld", "teleurstellend",
	"traag", "triest", "vies", "vieze", "verschrikkelijk", "vervelend", "vol", "waardeloos", "walgelijk", "wanhopig", "woedend",
	"zat", "zooi", "zorgen", "zwerfafval", "zwerfvuil",
};
static const char *const turning[] = { "geen", "niet", "nooit", "noch", "nauwelijks" };

static bool is_among(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(list[i], "~");

		if (!strncmp(word, list[i], len) && (list[i][len] || !word[len]))
			return true;
	}
	return false;
}

#define AMONG(word, list) is_among(word, list, sizeof list / sizeof *list)

static bool is_turned(const struct phrase_words *w, int i)
{
	for (int k = i - 1; k >= 0 && k >= i - REACH; k--)
		if (AMONG(w->at[k], turning))
			return true;
	return false;
}

struct tone tone_of(const struct phrase_words *w)
{
	struct tone t = {.value = TONE_NEUTRAL};
	int sum = 0;

	for (int i = 0; i < w->n; i++) {
		int sign = AMONG(w->at[i], positive) ? 1 : AMONG(w->at[i], negative) ? -1 : 0;

		if (sign && is_turned(w, i))
			sign = sign > 0 ? -1 : 0;
		sum += sign;
		if (sign && t.n_because < TONE_MAX_FOUND)
			t.because[t.n_because++] = w->at[i];
	}
	t.value = sum > 0 ? TONE_POSITIVE : sum < 0 ? TONE_NEGATIVE : TONE_NEUTRAL;
	return t;
}

const char *tone_name(enum tone_value v)
{
	static const char *const names[N_TONES] = {"negative", "neutral", "positive"};

	return names[v];
}
