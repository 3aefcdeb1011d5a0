/* outbox_send.h - one reply on its way: between outbox.c, which decides when, and the provider */
#ifndef LOKET_OUTBOX_SEND_H
#define LOKET_OUTBOX_SEND_H

#include "daemon/op.h"
#include "lib/base/uuid.h"

/* outbox_send - start sending what row of outbox_claim's answer says; copies. Ends with courier_back */
void outbox_send(const struct op *claim, int statement, int row);

#endif
