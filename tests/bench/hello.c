/*
 * hello.c - the least that libevent's own HTTP server can do: hello, to every request. What that costs is the yardstick for
 * what a stored contact costs here
 *
 *   hello PORT
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

static void on_request(struct evhttp_request *r, void *arg)
{
	struct evbuffer *body = arg;

	evbuffer_add(body, "hello\n", 6);
	evhttp_send_reply(r, HTTP_OK, "OK", body);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

	evhttp_set_gencb(http, on_request, evbuffer_new());
	if (port < 1 || port > 65535 || evhttp_bind_socket(http, "127.0.0.1", (unsigned short)port) != 0) {
		fprintf(stderr, "usage: hello PORT (one that is free)\n");
		return 2;
	}
	return event_base_dispatch(base) < 0;
}
