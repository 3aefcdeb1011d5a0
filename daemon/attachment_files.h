/*
 * attachment_files.h - where the bytes of attachments are: below state_dir
 *
 *   quarantine/<id of the attachment>    being fetched, not looked at yet, or refused
 *   files/<2 digits>/<sha256>            fine; named after what is in it, so the same file is kept once
 *
 * Instances that serve the same municipalities share state_dir: one machine, or a file system that they share.
 */
#ifndef LOKET_ATTACHMENT_FILES_H
#define LOKET_ATTACHMENT_FILES_H

#include "daemon/config.h"
#include "lib/base/bytes.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* attachment_draft_new - an empty file in quarantine, and nobody else has it; a descriptor or -1 */
int attachment_draft_new(const struct config *c, const char *id);
/* attachment_write - a new file in quarantine with this content; 0 or -1 */
int attachment_write(const struct config *c, const char *id, struct bytes content);
/* attachment_open - for reading: from quarantine, else from files; sha256 may be NULL. A descriptor or -1 */
int attachment_open(const struct config *c, const char *id, const char *sha256);
/* attachment_keep - out of quarantine, to its place in files; 0, also when it was there already, or -1 */
int attachment_keep(const struct config *c, const char *id, const char *sha256);
/* attachment_drop - out of quarantine, gone */
void attachment_drop(const struct config *c, const char *id);

#endif
