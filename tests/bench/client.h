/*
 * client.h - connections to 127.0.0.1 that ask, wait for the answer, and ask again; and how long each answer took
 *
 * One thread, libevent. Answers are counted, not read: what is measured needs the machine.
 */
#ifndef LOKET_BENCH_CLIENT_H
#define LOKET_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum { CLIENT_MAX_REQUEST = 16384 };

struct client_run {
	int port, connections;
	double seconds;             /* no new requests after them; 0: until make has no more */
	double per_second;          /* all connections together, evenly; an answer's time counts from when its request was due.
	                             * 0: as fast as they are answered */
	/* make - writes the next request, its length into *n; false: there are no more */
	bool (*make)(char out[CLIENT_MAX_REQUEST], size_t *n);
};

/*
 * client_run - does it, and prints {"n","failed","seconds","p50_us","p99_us","why"}: the first answer that is not 2xx
 *
 * limits   20 million answers; a connection that is closed ends the program with status 1
 */
void client_run(const struct client_run *how);

#endif
