/* main.c - one job: take it, do it, answer, end */
#include "fetcher/fetcher.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET = 0 };

static const char *const outcomes[] = { "fine", "later", "never", "large", "infected" };

void job_end(struct job *j, enum outcome o, const char *why)
{
	if (j->outcome != FINE)
		return;
	j->outcome = o;
	j->why = why;
}

/* the one descriptor that came along; -1 when there is none */
static int descriptor_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static json_t *take(int *file)
{
	static char text[JOB_MAX_BYTES];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { text, sizeof text };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(SOCKET, &m, MSG_CMSG_CLOEXEC);

	if (n <= 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return NULL;
	*file = descriptor_of(&m);
	return *file < 0 ? NULL : json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
}

static void answer(struct job *j)
{
	char *text;

	json_object_set_new(j->told, "outcome", json_string(outcomes[j->outcome]));
	if (j->why)
		json_object_set_new(j->told, "why", json_string(j->why));
	text = json_dumps(j->told, JSON_COMPACT);
	if (text && send(SOCKET, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(struct job *j);
	} jobs[] = { { "get", job_get }, { "look", job_look }, { "scan", job_scan } };
	struct job j = { .file = -1, .told = json_object() };
	const char *what;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	j.asked = take(&j.file);
	what = json_string_value(json_object_get(j.asked, "do"));
	for (size_t i = 0; what && i < sizeof jobs / sizeof *jobs; i++) {
		if (strcmp(what, jobs[i].name) != 0)
			continue;
		jobs[i].run(&j);
		answer(&j);
		_exit(0);   /* without the exit handlers of the libraries: the sandbox is closed */
	}
	_exit(2);
}
