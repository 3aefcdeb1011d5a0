/* events_send.h - one event on its way: between events.c, which decides when, and the receiver */
#ifndef LOKET_EVENTS_SEND_H
#define LOKET_EVENTS_SEND_H

#include "daemon/courier.h"

/* events_send - start sending what row of event_claim's answer says; copies. Gives its place back to the
 * courier */
void events_send(const struct op *claim, int row, struct courier *courier);

#endif
