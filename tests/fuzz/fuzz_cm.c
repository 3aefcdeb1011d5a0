#include "tests/fuzz/channel_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse("cm", "application/json", (struct bytes){ data, size }, true);
	return 0;
}
