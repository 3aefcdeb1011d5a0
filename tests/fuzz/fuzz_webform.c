/* the first byte says how the rest is encoded, and whether it is signed */
#include "tests/fuzz/channel_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
		"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=grens",
	};

	if (size)
		check_parse("webform", types[data[0] / 2 % 3], (struct bytes){ data + 1, size - 1 }, data[0] % 2);
	return 0;
}
