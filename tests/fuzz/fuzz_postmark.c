/* what Postmark answers to a mail of ours: the first byte chooses the status */
#include "tests/fuzz/channel_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 0, 200, 401, 406, 422, 429, 500, 502, 503, 302 };
	struct arena *a = arena_new(64 << 20);
	const char *id, *error;

	if (size) {
		int status = statuses[data[0] % 10];
		enum sent_outcome o = channel_find("postmark")->sent(a, status, (struct bytes){ data + 1, size - 1 }, &id, &error);

		must((o == SENT_OK) == (id != NULL) && (o == SENT_OK) == !error);
		must(o != SENT_OK || status == 200);
	}
	arena_free(a);
	return 0;
}
