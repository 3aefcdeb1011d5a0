/*
 * attachments.h - from what a channel names to a file that an agent may open
 *
 *   pending → fetching → (quarantined) → stored      what agents may open
 *                                      → refused     by type, size or the virus scanner: kept, not shown
 *                      → failed                      it could not be had: people may try again
 *
 * Rows are committed with their contact (intake) and claimed here, as replies are by the outbox; the work itself is
 * attachment_work.c, the bytes are loketd-fetch's. What was being worked on when a process died is done again.
 */
#ifndef LOKET_ATTACHMENTS_H
#define LOKET_ATTACHMENTS_H

#include "lib/base/uuid.h"

struct server;
struct attachments;

enum { ATTACHMENTS_MAX = 32 };             /* under way at once, whatever the configuration says */

struct attachments *attachments_new(struct server *srv);
struct attachments *attachments_free(struct attachments *a);
/* attachments_wake - some were committed: look for what is due */
void attachments_wake(struct attachments *a);
/* attachments_worked - for attachment_work.c: this one is done with */
void attachments_worked(struct attachments *a, struct uuid id);

#endif
