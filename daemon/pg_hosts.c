/* pg_hosts.c - a conninfo's lists of hosts, addresses and ports, taken apart as libpq does */
#include "daemon/pg_hosts.h"

#include "lib/base/must.h"

#include <libpq-fe.h>
#include <stddef.h>
#include <string.h>

static int count(const char *list)
{
	int n = 1;

	if (list == NULL || *list == '\0')
		return 0;
	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

/* the i-th of a list, or the only one; NULL when there is none */
static char *element(const char *list, int i)
{
	if (count(list) < 2)
		i = 0;
	for (; list != NULL && i > 0; i--)
		list = strchr(list, ',') + 1;
	return list != NULL && strcspn(list, ",") > 0 ? must(strndup(list, strcspn(list, ","))) : NULL;
}

/* as libpq counts: one port goes for all, else the lists are equally long */
static const char *split(struct pg_hosts *h, const char *host, const char *hostaddr, const char *port)
{
	int n_host = count(host), n_addr = count(hostaddr), n_port = count(port);

	h->n = n_addr > 0 ? n_addr : n_host > 0 ? n_host : 1;
	if (h->n > PG_MAX_HOSTS)
		return "may name 8 servers";
	if ((n_host > 0 && n_host != h->n) || (n_port > 1 && n_port != h->n))
		return "must name as many of host, hostaddr and port (or one port)";
	for (int i = 0; i < h->n; i++)
		h->host[i] = (struct pg_host){ element(host, i), element(hostaddr, i), element(port, i) };
	return NULL;
}

const char *pg_hosts_init(struct pg_hosts *h, const char *conninfo)
{
	PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);
	const char *host = NULL, *hostaddr = NULL, *port = NULL, *wrong;

	*h = (struct pg_hosts){ 0 };
	if (parsed == NULL)
		return "is not a libpq conninfo";
	for (PQconninfoOption *o = parsed; o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "host") == 0)
			host = o->val;
		else if (strcmp(o->keyword, "hostaddr") == 0)
			hostaddr = o->val;
		else if (strcmp(o->keyword, "port") == 0)
			port = o->val;
	}
	wrong = split(h, host, hostaddr, port);
	PQconninfoFree(parsed);
	return wrong;
}

void pg_hosts_done(struct pg_hosts *h)
{
	for (int i = 0; i < h->n && i < PG_MAX_HOSTS; i++) {
		free(h->host[i].host);
		free(h->host[i].hostaddr);
		free(h->host[i].port);
	}
	*h = (struct pg_hosts){ 0 };
}
