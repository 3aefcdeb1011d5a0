/* client.c - see client.h */
#include "tests/bench/client.h"

#include "lib/base/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MAX_HEAD = 4096, MAX_TIMES = 20000000, READ_BYTES = 1 << 16 };

struct client {
	int fd;
	struct event *read, *write, *due;
	char out[CLIENT_MAX_REQUEST], head[MAX_HEAD];
	size_t n_out, sent, n_head, body_left;
	int status;                          /* 0: its head is not whole yet */
	int64_t began_us, due_us;
};

static const struct client_run *run;
static struct event_base *base;
static int64_t end_us;
static int n_alive;
static bool no_more;
static long n_done, n_failed;
static uint32_t *times;                  /* microseconds of each answer */
static char why[300];

static void client_send(struct client *c);

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void client_end(struct client *c)
{
	event_free(c->read);
	event_free(c->write);
	event_free(c->due);
	close(c->fd);
	free(c);
	if (--n_alive == 0)
		event_base_loopbreak(base);
}

static void ask(struct client *c)
{
	if ((end_us > 0 && now() >= end_us) || no_more || !run->make(c->out, &c->n_out)) {
		no_more = no_more || end_us == 0;
		client_end(c);
		return;
	}
	c->sent = c->n_head = c->body_left = 0;
	c->status = 0;
	c->began_us = now();
	if (run->per_second > 0 && c->due_us < c->began_us) /* a timer may be early */
		c->began_us = c->due_us;
	client_send(c);
}

/* the next request: now, or when it is due */
static void next(struct client *c)
{
	int64_t wait_us;
	struct timeval t;

	if (run->per_second <= 0) {
		ask(c);
		return;
	}
	c->due_us += (int64_t)(run->connections / run->per_second * 1e6);
	wait_us = c->due_us - now();
	if (wait_us <= 0) {
		ask(c);
		return;
	}
	t = (struct timeval){ .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000 };
	event_add(c->due, &t);
}

static void client_send(struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->sent, c->n_out - c->sent, MSG_NOSIGNAL);

	if (n > 0)
		c->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN) {
		perror("client: send");
		exit(1);
	}
	if (c->sent < c->n_out)
		event_add(c->write, NULL);
}

/* takes what came of a head; how much of it belonged to the head */
static size_t take_head(struct client *c, const char *data, size_t n)
{
	size_t before = c->n_head, room = sizeof(c->head) - 1 - before, some = n < room ? n : room;
	const char *end, *length;

	memcpy(c->head + before, data, some);
	c->n_head += some;
	c->head[c->n_head] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (end == NULL) {
		if (some == room) {
			fprintf(stderr, "client: a head without end\n");
			exit(1);
		}
		return some;
	}
	length = strcasestr(c->head, "content-length:");
	if (length != NULL && length < end)
		c->body_left = strtoul(length + strlen("content-length:"), NULL, 10);
	c->status = (int)strtol(c->head + strlen("HTTP/1.1 "), NULL, 10);
	return (size_t)(end + 4 - c->head) - before;
}

static void answered(struct client *c)
{
	if (c->status / 100 == 2 && n_done < MAX_TIMES) {
		times[n_done++] = (uint32_t)(now() - c->began_us);
	} else if (n_failed++ == 0) {
		for (size_t i = 0; i < sizeof(why) - 1 && i < c->n_head; i++)
			why[i] = strchr("\r\n\"\\", c->head[i]) ? ' ' : c->head[i];
	}
	next(c);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	static char data[READ_BYTES];
	struct client *c = arg;
	ssize_t n = recv(fd, data, sizeof(data), 0);
	size_t used = 0;

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		fprintf(stderr, "client: the connection was closed\n");
		exit(1);
	}
	if (c->status == 0)
		used = take_head(c, data, (size_t)n);
	if (c->status == 0)
		return;
	c->body_left -= (size_t)n - used < c->body_left ? (size_t)n - used : c->body_left;
	if (c->body_left == 0)
		answered(c);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_send(arg);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask(arg);
}

static void client_new(int i)
{
	struct client *c = must(calloc(1, sizeof(*c)));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)run->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		perror("client: connect");
		exit(1);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->read = event_new(base, c->fd, EV_READ | EV_PERSIST, on_read, c);
	c->write = event_new(base, c->fd, EV_WRITE, on_write, c);
	c->due = evtimer_new(base, on_due, c);
	event_add(c->read, NULL);
	n_alive++;
	if (run->per_second > 0)             /* evenly from the beginning; next adds a whole round */
		c->due_us = now() + (int64_t)((i - run->connections) / run->per_second * 1e6);
	next(c);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void client_run(const struct client_run *how)
{
	int64_t began;
	double seconds;

	run = how;
	times = must(malloc(MAX_TIMES * sizeof(*times)));
	base = must(event_base_new());
	began = now();
	end_us = how->seconds > 0 ? began + (int64_t)(how->seconds * 1e6) : 0;
	n_alive++;                           /* so that the first ones may end before the last ones begin */
	for (int i = 0; i < how->connections; i++)
		client_new(i);
	if (--n_alive > 0)
		event_base_dispatch(base);
	seconds = (double)(now() - began) / 1e6;
	qsort(times, (size_t)n_done, sizeof(*times), by_size);
	printf("{\"n\": %ld, \"failed\": %ld, \"seconds\": %.3f, \"p50_us\": %u, \"p99_us\": %u, \"why\": \"%s\"}\n", n_done,
	       n_failed, seconds, n_done > 0 ? times[n_done / 2] : 0, n_done > 0 ? times[n_done * 99 / 100] : 0, why);
}
