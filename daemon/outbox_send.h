/* outbox_send.h - one reply on its way: between outbox.c, which decides when, and the provider */
#ifndef LOKET_OUTBOX_SEND_H
#define LOKET_OUTBOX_SEND_H

#include "daemon/op.h"
#include "lib/base/uuid.h"

struct outbox;

/* outbox_send - start sending what row of outbox_claim's answer says; copies. Ends with outbox_sent */
void outbox_send(const struct op *claim, int statement, int row);
/* outbox_sent - (outbox.c) that operation is over: its place is free */
void outbox_sent(struct outbox *o, struct uuid contact);

#endif
