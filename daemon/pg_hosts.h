/* pg_hosts.h - the servers that a conninfo names: we try them one by one, each with a time of its own */
#ifndef LOKET_PG_HOSTS_H
#define LOKET_PG_HOSTS_H

enum { PG_MAX_HOSTS = 8 };             /* a primary and those that may take over from it */

/* one server; what is not said of it is NULL */
struct pg_host {
	char *host, *hostaddr, *port;
};

struct pg_hosts {
	int n;                         /* at least 1, maybe one of which nothing is said */
	struct pg_host host[PG_MAX_HOSTS];
};

/* pg_hosts_init - returns what is wrong with conninfo, a constant, or NULL; owner: the caller, for pg_hosts_done in
 * either case */
const char *pg_hosts_init(struct pg_hosts *h, const char *conninfo);
void pg_hosts_done(struct pg_hosts *h);

#endif
