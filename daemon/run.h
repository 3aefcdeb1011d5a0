/* run.h - start the parts in order, run, stop them in order */
#ifndef LOKET_RUN_H
#define LOKET_RUN_H

enum { RUN_STOP_MS = 25000 };   /* work under way when SIGTERM comes has this long; systemd waits 30 s */

struct config;
/* run - until SIGTERM or SIGINT; path (NULL: none) is read again at SIGHUP. 0, or -1 after logging why */
int run(const struct config *c, const char *path);

#endif
