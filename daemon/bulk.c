#include "daemon/bulk.h"

#include "daemon/intake.h"
#include "daemon/server.h"

bool bulk_waits(const struct server *srv, struct bulk *b)
{
	int64_t now = mono_us();

	if (!b->due_us)
		b->due_us = now;
	return intake_waiting(srv->intake) > 0 && now - b->due_us < BULK_LATE_MS * INT64_C(1000);
}

void bulk_begins(struct bulk *b)
{
	b->began_us = mono_us();
	b->due_us = 0;
}

int bulk_pause_ms(const struct bulk *b, int share)
{
	int64_t ms = (mono_us() - b->began_us) / 1000 * (100 - share) / share;

	return ms < BULK_PAUSE_MS ? BULK_PAUSE_MS : ms > BULK_PAUSE_MAX_MS ? BULK_PAUSE_MAX_MS : (int)ms;
}
