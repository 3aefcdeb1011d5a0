/*
 * scan.c - what clamd thinks of a file: INSTREAM over its unix socket
 *
 * source   clamd(8), "COMMANDS": zINSTREAM, chunks of a 4-byte length in network order and data, a length of 0 at the
 *          end; the answer is "stream: OK", "stream: NAME FOUND" or "… ERROR". Read 2026-11-22
 */
#include "fetcher/fetcher.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, SECONDS = 120, ANSWER = 300 };

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const struct timeval most = { .tv_sec = SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !path || snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= (int)sizeof a.sun_path ||
	    connect(fd, (struct sockaddr *)&a, sizeof a))
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
	return fd;
}

static bool put(int fd, const void *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		p = (const char *)p + sent;
		n -= (size_t)sent;
	}
	return true;
}

/* false: clamd stopped listening, perhaps because it has said all it will say */
static bool stream(int fd, int file)
{
	static char buf[CHUNK];
	uint32_t len;
	off_t at = 0;
	ssize_t n;

	if (!put(fd, "zINSTREAM", sizeof "zINSTREAM"))
		return false;
	while ((n = pread(file, buf, sizeof buf, at)) > 0) {
		len = htonl((uint32_t)n);
		if (!put(fd, &len, sizeof len) || !put(fd, buf, (size_t)n))
			return false;
		at += n;
	}
	len = 0;
	return n == 0 && put(fd, &len, sizeof len);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* the name of what was found is shown to people: printable, short */
static void tell_name(struct job *j, char *text)
{
	char *name = strchr(text, ' '), *end = strrchr(text, ' ');

	if (!name || end <= name)
		return;
	*end = '\0';
	name++;
	for (char *p = name; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
	name[strnlen(name, 80)] = '\0';
	json_object_set_new(j->told, "found", json_string(name));
}

void job_scan(struct job *j)
{
	int fd = connect_to(json_string_value(json_object_get(j->asked, "socket")));
	char text[ANSWER + 1] = "";
	size_t len = 0;
	ssize_t n;

	if (fd < 0) {
		job_end(j, LATER, "the virus scanner does not answer");
		return;
	}
	json_object_set_new(j->told, "sandbox", json_string(sandbox_enter(NEEDS_NOTHING, 0, SECONDS)));
	stream(fd, j->file);
	while (len < ANSWER && (n = recv(fd, text + len, ANSWER - len, 0)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (!strcmp(text, "stream: OK"))
		return;
	if (ends_with(text, " FOUND")) {
		tell_name(j, text);
		job_end(j, INFECTED, "the virus scanner found something in it");
	} else if (strstr(text, "size limit exceeded")) {
		job_end(j, LARGE, "larger than the virus scanner takes");
	} else {
		job_end(j, LATER, "the virus scanner did not finish");
	}
}
