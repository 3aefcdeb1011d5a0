/* the first byte says in which shape a mail comes */
#include "tests/fuzz/channel_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		check_parse("email", data[0] == 'J' ? "application/json" : "message/rfc822", (struct bytes){ data + 1, size - 1 }, true);
	return 0;
}
