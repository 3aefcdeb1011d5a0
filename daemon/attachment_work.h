/* attachment_work.h - one attachment that was claimed; for attachments.c */
#ifndef LOKET_ATTACHMENT_WORK_H
#define LOKET_ATTACHMENT_WORK_H

#include "daemon/op.h"

/* attachment_work - start on row of claim's statement; tells attachments_worked when it is over */
void attachment_work(const struct op *claim, int statement, int row);
/* attachment_work_seconds - how long it takes at most, whatever the other side does */
int attachment_work_seconds(const struct server *srv);

#endif
