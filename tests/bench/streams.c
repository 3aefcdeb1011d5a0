/*
 * streams.c - many event streams, and when what came on them
 *
 *   streams PORT FILE
 *
 * A line of FILE is a path and a token (may be empty), with a tab between them: one stream. Prints "open N" when all of
 * them are, and then for each event, told apart by its id, when it has come on one stream, or on as many as a line on
 * stdin said before: {"id","n","first_us","last_us"} on CLOCK_MONOTONIC. Ends with stdin.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 64, READ_BYTES = 1 << 16, MAX_UNDER_WAY = 200 };

struct stream {
	char line[LINE];             /* the beginning of the line that is being read */
	int n_line;
	int fd;
	struct event *read;
};

struct source {
	const char *path, *token;
};

static struct event_base *base;
static struct source *sources;
static long n_sources, n_begun, n_open;
static int port;
static long expected = 1;            /* streams */
static struct {
	char id[24];
	long n;
	int64_t first_us, last_us;
} current;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void begin_more(void);

static void came(const char *id)
{
	int64_t at = now();

	if (strcmp(current.id, id) != 0) {
		snprintf(current.id, sizeof(current.id), "%s", id);
		current.n = 0;
		current.first_us = at;
	}
	current.last_us = at;
	if (++current.n == expected) {
		printf("{\"id\": \"%s\", \"n\": %ld, \"first_us\": %lld, \"last_us\": %lld}\n", id, current.n,
		       (long long)current.first_us, (long long)current.last_us);
		fflush(stdout);
	}
}

static void line_read(struct stream *s)
{
	if (strncmp(s->line, "HTTP/1.1 ", 9) == 0) {
		if (strncmp(s->line + 9, "200", 3) != 0) {
			fprintf(stderr, "streams: %s\n", s->line);
			exit(1);
		}
		if (++n_open == n_sources) {
			printf("open %ld\n", n_open);
			fflush(stdout);
		}
		begin_more();
	} else if (strncmp(s->line, "id: ", 4) == 0) {
		came(s->line + 4);
	}
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	static char data[READ_BYTES];
	struct stream *s = arg;
	ssize_t n = recv(fd, data, sizeof(data), 0);

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		fprintf(stderr, "streams: a stream was closed\n");
		exit(1);
	}
	for (ssize_t i = 0; i < n; i++) {
		if (data[i] == '\n') {
			s->line[s->n_line] = '\0';
			s->n_line = 0;
			line_read(s);
		} else if (data[i] != '\r' && s->n_line < LINE - 1) {
			s->line[s->n_line++] = data[i];
		}
	}
}

static void stream_new(const struct source *from)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char request[1024];
	int n = snprintf(request, sizeof(request),
	                 "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n%s%s%s\r\n", from->path,
	                 *from->token ? "Authorization: Bearer " : "", from->token, *from->token ? "\r\n" : "");

	if (s == NULL || n >= (int)sizeof(request))
		abort();
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    send(s->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
		perror("streams: connect");
		exit(1);
	}
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	s->read = event_new(base, s->fd, EV_READ | EV_PERSIST, on_read, s);
	event_add(s->read, NULL);
}

/* so many at a time that no backlog overflows */
static void begin_more(void)
{
	while (n_begun < n_sources && n_begun - n_open < MAX_UNDER_WAY)
		stream_new(&sources[n_begun++]);
}

static void read_sources(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while ((n = getline(&text, &room, f)) > 0) {
		char *rest;

		if (text[n - 1] == '\n')
			text[n - 1] = '\0';
		rest = strdup(text);
		sources = realloc(sources, (size_t)(n_sources + 1) * sizeof(*sources));
		if (rest == NULL || sources == NULL)
			abort();
		sources[n_sources].path = strsep(&rest, "\t");
		sources[n_sources++].token = rest != NULL ? rest : "";
	}
	free(text);
	fclose(f);
}

static void on_stdin(evutil_socket_t fd, short what, void *arg)
{
	char text[32];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)what;
	(void)arg;
	if (n <= 0) {
		event_base_loopbreak(base);
		return;
	}
	text[n] = '\0';
	expected = strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: streams PORT FILE\n");
		return 2;
	}
	port = (int)strtol(argv[1], NULL, 10);
	read_sources(argv[2]);
	base = event_base_new();
	event_add(event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_stdin, NULL), NULL);
	begin_more();
	event_base_dispatch(base);
	return 0;
}
