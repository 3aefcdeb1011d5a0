/* resolve.c - getaddrinfo_a, and a timer that looks whether it has the answer */
#include "daemon/resolve.h"

#include "daemon/loop.h"
#include "lib/base/must.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

enum { LOOK_MS = 10 };

struct resolve {
	struct loop_timer *timer;
	resolve_done *done;
	void *arg;
	struct gaicb request;
	struct addrinfo hints;
	char name[];
};

bool resolve_needed(const char *host)
{
	struct in6_addr any;

	/* "@…" is a socket without a file */
	return host != NULL && host[0] != '\0' && host[0] != '/' && host[0] != '@' &&
	       inet_pton(AF_INET, host, &any) != 1 && inet_pton(AF_INET6, host, &any) != 1;
}

static int read_addresses(const struct addrinfo *from, char text[][INET6_ADDRSTRLEN])
{
	int n = 0;

	for (; from != NULL && n < RESOLVE_MAX; from = from->ai_next)
		n += getnameinfo(from->ai_addr, from->ai_addrlen, text[n], INET6_ADDRSTRLEN, NULL, 0,
		                 NI_NUMERICHOST) == 0;
	return n;
}

struct resolve *resolve_free(struct resolve *r)
{
	if (r == NULL)
		return NULL;
	r->timer = loop_timer_free(r->timer);
	/* a thread that is asking at this moment still writes here: it keeps the memory */
	if (gai_error(&r->request) == EAI_INPROGRESS && gai_cancel(&r->request) == EAI_NOTCANCELED)
		return NULL;
	if (r->request.ar_result != NULL)
		freeaddrinfo(r->request.ar_result);
	free(r);
	return NULL;
}

static void look(void *arg)
{
	struct resolve *r = arg;
	char text[RESOLVE_MAX][INET6_ADDRSTRLEN];
	const char *addresses[RESOLVE_MAX];
	resolve_done *done = r->done;
	int n = 0, how = gai_error(&r->request);

	if (how == EAI_INPROGRESS)
		return;
	if (how == 0)
		n = read_addresses(r->request.ar_result, text);
	for (int i = 0; i < n; i++)
		addresses[i] = text[i];
	arg = r->arg;
	resolve_free(r);
	done(addresses, n, arg);
}

struct resolve *resolve_start(struct server *srv, const char *name, resolve_done *done, void *arg)
{
	size_t size = strlen(name) + 1;
	struct resolve *r = must(calloc(1, sizeof(*r) + size));
	struct gaicb *list[] = { &r->request };

	memcpy(r->name, name, size);
	r->done = done;
	r->arg = arg;
	r->hints = (struct addrinfo){ .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	r->request = (struct gaicb){ .ar_name = r->name, .ar_request = &r->hints };
	r->timer = loop_timer_new(srv, look, r);
	/* one that could not be asked has failed by the first look */
	(void)getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	loop_timer_every(r->timer, LOOK_MS);
	return r;
}
