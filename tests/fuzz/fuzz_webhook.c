#include "tests/fuzz/channel_check.h"

static const char settings[] =
	"{\"mapping\": {\"items\": \"/i\", \"id\": \"/id\", \"from\": \"/from\", \"name\": \"/name\", \"text\": \"/text\", "
	"\"at\": \"/at\", \"attachments\": \"/files\", \"language\": \"/lang\", \"product\": \"/product\", \"replyTo\": \"/re\", "
	"\"email\": \"/mail\", \"phone\": \"/tel\", \"conversation\": \"/conv\"}, "
	"\"statuses\": {\"pointer\": \"/status\", \"id\": \"/id\", \"words\": {\"d\": \"delivered\", \"q\": \"queued\"}}, "
	"\"only\": {\"pointer\": \"/kind\", \"is\": [\"m\"]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse_with("webhook", settings, "application/json", (struct bytes){ data, size }, true);
	return 0;
}
