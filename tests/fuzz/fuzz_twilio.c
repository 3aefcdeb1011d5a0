#include "tests/fuzz/channel_check.h"

/* an object is JSON, anything else a form */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse("twilio", NULL, (struct bytes){ data, size }, true);
	return 0;
}
