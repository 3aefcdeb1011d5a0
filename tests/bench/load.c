/*
 * load.c - signed posts on keep-alive connections, as fast as they are answered
 *
 *   load PORT INBOX PROVIDER FILE SECRET CONNECTIONS SECONDS REGULARS SEED
 *
 * FILE is a request as in tests/channel, signed as this provider does. In its body are {id}, {from} (both digits), {at}
 * (seconds), {iso} (the same moment, without a zone), {text} and {form} (the text, urlencoded).
 * Half of the messages come from REGULARS people who write again and again, half from people never seen before.
 * Prints one JSON object: {"n","failed","seconds","p50_us","p99_us"}. SEED makes the message ids of a run its own.
 */
#include "tests/channel/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_REQUEST = 16384, MAX_ANSWER = 8192, MAX_TIMES = 20000000 };

struct client {
	int fd;
	struct event *read, *write;
	char out[MAX_REQUEST], in[MAX_ANSWER];
	size_t n_out, sent, n_in;
	int64_t began_us;
};

static struct event_base *base;
static const char *inbox;
static struct bench *example;        /* the request, unsigned, with {…} in its body */
static struct arena *arena;          /* of the request that is being made */
static long regulars, serial;
static unsigned long seed;
static int64_t end_us;
static int n_alive;
static long n_done, n_failed;
static uint32_t *times;              /* microseconds of each answer */

/* half a kilobyte of Dutch, so that a message is about one kilobyte with its envelope */
static const char text[] =
	"Goedemiddag, ik heb vorige week online een nieuw rijbewijs aangevraagd omdat mijn oude bijna verlopen is. "
	"In de bevestiging staat dat ik een afspraak moet maken om het op te halen, maar in de agenda zie ik de komende "
	"drie weken geen enkel vrij moment. Mijn oude rijbewijs verloopt al eerder en ik heb de auto nodig voor mijn werk. "
	"Kan ik ook zonder afspraak langskomen, of kan iemand anders het met een machtiging voor mij ophalen? "
	"Alvast bedankt en met vriendelijke groet.";

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const char *form_text(void)
{
	static char out[2 * sizeof text];
	char *p = out;

	for (const char *c = text; *c; c++) {
		if (*c == '?' || *c == ',')
			p += sprintf(p, "%%%02X", (unsigned)*c);
		else
			*p++ = *c == ' ' ? '+' : *c;
	}
	return out;
}

/* what stands for {name}; NULL when that is none of ours */
static const char *value_of(const char *name, size_t n, long i)
{
	static char out[64];
	time_t at = time(NULL);

	if (n == 4 && !memcmp(name, "text", n))
		return text;
	if (n == 4 && !memcmp(name, "form", n))
		return form_text();
	if (n == 2 && !memcmp(name, "id", n))
		snprintf(out, sizeof out, "%lu%08ld", 10000 + seed % 90000, i);
	else if (n == 4 && !memcmp(name, "from", n) && i % 2)
		snprintf(out, sizeof out, "316%08ld", (i * 7919) % regulars);
	else if (n == 4 && !memcmp(name, "from", n))
		snprintf(out, sizeof out, "497%05lu%07ld", seed % 100000, i);
	else if (n == 2 && !memcmp(name, "at", n))
		snprintf(out, sizeof out, "%lld", (long long)at);
	else if (n == 3 && !memcmp(name, "iso", n))
		strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S", gmtime(&at));
	else
		return NULL;
	return out;
}

static struct bytes make_body(long i)
{
	const char *p = (const char *)example->request.body.data, *end = p + example->request.body.len;
	char *body = arena_alloc(arena, MAX_REQUEST);
	size_t n = 0;

	while (p < end) {
		const char *close = *p == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;
		const char *value = close ? value_of(p + 1, (size_t)(close - p) - 1, i) : NULL;
		size_t len = value ? strlen(value) : 1;

		if (n + len > MAX_REQUEST) {
			fprintf(stderr, "load: the example is too long\n");
			exit(1);
		}
		memcpy(body + n, value ? value : p, len);
		n += len;
		p = value ? close + 1 : p + 1;
	}
	return (struct bytes){ (uint8_t *)body, n };
}

static void make_request(struct client *c)
{
	struct bench b = *example;
	size_t n;

	arena_reset(arena);
	b.a = arena;
	b.request.ctx = &b;
	b.request.body = make_body(serial++);
	b.request.now_us = (int64_t)time(NULL) * 1000000;
	bench_sign(&b);
	n = (size_t)snprintf(c->out, sizeof c->out, "POST /v1/hooks/%s%s%s HTTP/1.1\r\nHost: bench\r\nContent-Length: %zu\r\n", inbox,
	                     *b.request.query ? "?" : "", b.request.query, b.request.body.len);
	for (int i = 0; i < b.n_headers; i++)
		n += (size_t)snprintf(c->out + n, sizeof c->out - n, "%s: %s\r\n", b.headers[i].name, b.headers[i].value);
	if (n + 2 + b.request.body.len > sizeof c->out) {
		fprintf(stderr, "load: the request is too long\n");
		exit(1);
	}
	memcpy(c->out + n, "\r\n", 2);
	memcpy(c->out + n + 2, b.request.body.data, b.request.body.len);
	c->n_out = n + 2 + b.request.body.len;
	c->sent = c->n_in = 0;
	c->began_us = now();
}

static void client_end(struct client *c)
{
	event_free(c->read);
	event_free(c->write);
	close(c->fd);
	if (--n_alive == 0)
		event_base_loopbreak(base);
}

static void client_send(struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->sent, c->n_out - c->sent, MSG_NOSIGNAL);

	if (n > 0)
		c->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN) {
		perror("load: send");
		exit(1);
	}
	if (c->sent < c->n_out)
		event_add(c->write, NULL);
}

/* 0: not whole yet */
static int answer_status(struct client *c)
{
	char *end, *length;

	c->in[c->n_in] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(c->in, "content-length:");
	if (length == NULL || length > end ||
	    c->n_in < (size_t)(end + 4 - c->in) + strtoul(length + strlen("content-length:"), NULL, 10))
		return 0;
	return (int)strtol(c->in + strlen("HTTP/1.1 "), NULL, 10);
}

static void next(struct client *c)
{
	if (now() >= end_us) {
		client_end(c);
		return;
	}
	make_request(c);
	client_send(c);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	ssize_t n = recv(fd, c->in + c->n_in, sizeof(c->in) - 1 - c->n_in, 0);
	int status;

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		fprintf(stderr, "load: the connection was closed\n");
		exit(1);
	}
	c->n_in += (size_t)n;
	status = answer_status(c);
	if (status == 0)
		return;
	if (status / 100 == 2 && n_done < MAX_TIMES)
		times[n_done++] = (uint32_t)(now() - c->began_us);
	else
		n_failed++;
	next(c);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_send(arg);
}

static void client_new(int port)
{
	struct client *c = calloc(1, sizeof(*c));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		perror("load: connect");
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->read = event_new(base, c->fd, EV_READ | EV_PERSIST, on_read, c);
	c->write = event_new(base, c->fd, EV_WRITE, on_write, c);
	event_add(c->read, NULL);
	n_alive++;
	next(c);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int64_t began;
	double seconds;

	if (argc != 10) {
		fprintf(stderr, "usage: load PORT INBOX PROVIDER FILE SECRET CONNECTIONS SECONDS REGULARS SEED\n");
		return 2;
	}
	inbox = argv[2];
	arena = arena_new(1 << 20);
	regulars = strtol(argv[8], NULL, 10);
	seed = strtoul(argv[9], NULL, 10);
	if (!channel_find(argv[3])) {
		fprintf(stderr, "load: no provider %s\n", argv[3]);
		return 1;
	}
	example = bench_new(argv[3]);
	if (!bench_read(example, bench_load(example->a, argv[4]))) {
		fprintf(stderr, "load: cannot read %s\n", argv[4]);
		return 1;
	}
	example->secret = argv[5];
	example->url = arena_printf(example->a, "http://127.0.0.1:%s/v1/hooks/%s", argv[1], inbox);
	times = malloc(MAX_TIMES * sizeof(*times));
	base = event_base_new();
	began = now();
	end_us = began + (int64_t)(strtod(argv[7], NULL) * 1e6);
	for (long i = 0; i < strtol(argv[6], NULL, 10); i++)
		client_new((int)strtol(argv[1], NULL, 10));
	event_base_dispatch(base);
	seconds = (double)(now() - began) / 1e6;
	qsort(times, (size_t)n_done, sizeof(*times), by_size);
	printf("{\"n\": %ld, \"failed\": %ld, \"seconds\": %.3f, \"p50_us\": %u, \"p99_us\": %u}\n", n_done, n_failed, seconds,
	       n_done > 0 ? times[n_done / 2] : 0, n_done > 0 ? times[n_done * 99 / 100] : 0);
	return 0;
}
