/*
 * load.c - signed posts on keep-alive connections, as fast as they are answered
 *
 *   load PORT INBOX PROVIDER FILE SECRET CONNECTIONS SECONDS REGULARS SEED [PER_SECOND]
 *
 * FILE is a request as in tests/channel, signed as this provider does. In its body are {id}, {from} (both digits), {at}
 * (seconds), {iso} (the same moment, without a zone), {text} and {form} (the text, urlencoded).
 * Half of the messages come from REGULARS people who write again and again, half from people never seen before.
 * Prints what client_run does. SEED makes the message ids of a run its own.
 */
#include "tests/bench/client.h"
#include "tests/channel/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *inbox;
static struct bench *example;        /* the request, unsigned, with {…} in its body */
static struct arena *arena;          /* of the request that is being made */
static long regulars, serial;
static unsigned long seed;

/* half a kilobyte of Dutch, so that a message is about one kilobyte with its envelope */
static const char text[] =
	"Goedemiddag, ik heb vorige week online een nieuw rijbewijs aangevraagd omdat mijn oude bijna verlopen is. "
	"In de bevestiging staat dat ik een afspraak moet maken om het op te halen, maar in de agenda zie ik de komende "
	"drie weken geen enkel vrij moment. Mijn oude rijbewijs verloopt al eerder en ik heb de auto nodig voor mijn werk. "
	"Kan ik ook zonder afspraak langskomen, of kan iemand anders het met een machtiging voor mij ophalen? "
	"Alvast bedankt en met vriendelijke groet.";

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
	char *body = arena_alloc(arena, CLIENT_MAX_REQUEST);
	size_t n = 0;

	while (p < end) {
		const char *close = *p == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;
		const char *value = close ? value_of(p + 1, (size_t)(close - p) - 1, i) : NULL;
		size_t len = value ? strlen(value) : 1;

		if (n + len > CLIENT_MAX_REQUEST) {
			fprintf(stderr, "load: the example is too long\n");
			exit(1);
		}
		memcpy(body + n, value ? value : p, len);
		n += len;
		p = value ? close + 1 : p + 1;
	}
	return (struct bytes){ (uint8_t *)body, n };
}

static bool make_request(char out[CLIENT_MAX_REQUEST], size_t *length)
{
	struct bench b = *example;
	size_t n;

	arena_reset(arena);
	b.a = arena;
	b.request.ctx = &b;
	b.request.body = make_body(serial++);
	b.request.now_us = (int64_t)time(NULL) * 1000000;
	bench_sign(&b);
	n = (size_t)snprintf(out, CLIENT_MAX_REQUEST,
	                     "POST /v1/hooks/%s%s%s HTTP/1.1\r\nHost: bench\r\nContent-Length: %zu\r\n", inbox,
	                     *b.request.query ? "?" : "", b.request.query, b.request.body.len);
	for (int i = 0; i < b.n_headers; i++)
		n += (size_t)snprintf(out + n, CLIENT_MAX_REQUEST - n, "%s: %s\r\n", b.headers[i].name, b.headers[i].value);
	if (n + 2 + b.request.body.len > CLIENT_MAX_REQUEST) {
		fprintf(stderr, "load: the request is too long\n");
		exit(1);
	}
	memcpy(out + n, "\r\n", 2);
	memcpy(out + n + 2, b.request.body.data, b.request.body.len);
	*length = n + 2 + b.request.body.len;
	return true;
}

int main(int argc, char **argv)
{
	struct client_run run = { .make = make_request };

	if (argc != 10 && argc != 11) {
		fprintf(stderr, "usage: load PORT INBOX PROVIDER FILE SECRET CONNECTIONS SECONDS REGULARS SEED [PER_SECOND]\n");
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
	run.port = (int)strtol(argv[1], NULL, 10);
	run.connections = (int)strtol(argv[6], NULL, 10);
	run.seconds = strtod(argv[7], NULL);
	run.per_second = argc > 10 ? strtod(argv[10], NULL) : 0;
	client_run(&run);
	return 0;
}
