/*
 * ask.c - requests of a file, over and over or each once, on keep-alive connections
 *
 *   ask PORT FILE CONNECTIONS SECONDS|once
 *
 * A line of FILE is METHOD, path, token and body, with tabs between them; token and body may be empty.
 * Prints what client_run does.
 */
#include "lib/base/must.h"
#include "tests/bench/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	const char *method, *path, *token, *body;
};

static struct line *lines;
static long n_lines, at;
static bool once;

static const char *field(char **rest)
{
	const char *f = strsep(rest, "\t");

	return f != NULL ? f : "";
}

static void read_lines(const char *path)
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
		rest = must(strdup(text));
		lines = must(realloc(lines, (size_t)(n_lines + 1) * sizeof(*lines)));
		lines[n_lines].method = field(&rest);
		lines[n_lines].path = field(&rest);
		lines[n_lines].token = field(&rest);
		lines[n_lines++].body = field(&rest);
	}
	free(text);
	fclose(f);
	if (n_lines == 0) {
		fprintf(stderr, "ask: nothing in %s\n", path);
		exit(1);
	}
}

static bool make(char out[CLIENT_MAX_REQUEST], size_t *n)
{
	const struct line *l = &lines[at % n_lines];
	int len;

	if (once && at >= n_lines)
		return false;
	at++;
	len = snprintf(out, CLIENT_MAX_REQUEST, "%s %s HTTP/1.1\r\nHost: bench\r\n%s%s%s", l->method, l->path,
	               *l->token ? "Authorization: Bearer " : "", l->token, *l->token ? "\r\n" : "");
	if (*l->body)
		len += snprintf(out + len, CLIENT_MAX_REQUEST - (size_t)len,
		                "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(l->body), l->body);
	else
		len += snprintf(out + len, CLIENT_MAX_REQUEST - (size_t)len, "\r\n");
	if (len >= CLIENT_MAX_REQUEST) {
		fprintf(stderr, "ask: a request is too long\n");
		exit(1);
	}
	*n = (size_t)len;
	return true;
}

int main(int argc, char **argv)
{
	struct client_run run = { .make = make };

	if (argc != 5) {
		fprintf(stderr, "usage: ask PORT FILE CONNECTIONS SECONDS|once\n");
		return 2;
	}
	read_lines(argv[2]);
	once = strcmp(argv[4], "once") == 0;
	run.port = (int)strtol(argv[1], NULL, 10);
	run.connections = (int)strtol(argv[3], NULL, 10);
	run.seconds = once ? 0 : strtod(argv[4], NULL);
	client_run(&run);
	return 0;
}
