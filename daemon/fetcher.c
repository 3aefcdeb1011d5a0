/*
 * fetcher.c - a process for each job: started or connected to, given the job, heard, forgotten
 *
 * The process is not trusted: its answer is bounded, parsed like any other stranger's, and only looked up by key. It
 * ends by itself; one that we started and that is too late is killed.
 */
#include "daemon/fetcher.h"

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "lib/base/jsonx.h"
#include "lib/base/must.h"

#include <event2/event.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct running {
	struct fetcher *f;
	struct op *op;
	json_t **told;
	int fd;
	pid_t pid;                 /* 0: systemd's */
	struct event *readable;
	struct loop_timer *late;
	LIST_ENTRY(running) link;
};

struct fetcher {
	struct server *srv;
	bool said_sandbox;
	int n;
	LIST_HEAD(runnings, running) all;
};

struct fetcher *fetcher_new(struct server *srv)
{
	struct fetcher *f = must(calloc(1, sizeof(*f)));

	f->srv = srv;
	LIST_INIT(&f->all);
	signal(SIGCHLD, SIG_IGN);   /* nobody asks how they ended */
	return f;
}

/* ---------------------------------------------------------------- the end of a job */

static void running_free(struct running *r)
{
	if (r->readable)
		event_free(r->readable);
	loop_timer_free(r->late);
	/* as long as we have not closed, it is not another process that has this number */
	if (r->pid > 0)
		kill(r->pid, SIGKILL);
	close(r->fd);
	LIST_REMOVE(r, link);
	r->f->n--;
	free(r);
}

static void job_end(struct running *r, enum fetcher_outcome outcome)
{
	struct op *op = r->op;

	running_free(r);
	op_wake(op, (int)outcome);
}

/* once: what the kernel gives to lock it in */
static void say_sandbox(struct fetcher *f, const json_t *told)
{
	const char *holds = jsonx_str(told, "sandbox");
	bool whole = holds && strstr(holds, "seccomp");

	if (f->said_sandbox || !holds || strspn(holds, "abcdefghijklmnopqrstuvwxyz,") != strlen(holds))
		return;
	f->said_sandbox = true;
	log_event(whole ? LOG_INFO : LOG_WARNING, "fetcher.sandbox", "what=%.60s", holds);
}

static enum fetcher_outcome read_answer(struct running *r)
{
	static const char *const words[] = { "fine", "later", "never", "large", "infected" };
	char text[FETCHER_MAX_ANSWER];
	ssize_t n = recv(r->fd, text, sizeof text, MSG_DONTWAIT);
	const char *word;

	if (n <= 0 || jsonx_load(r->op->arena, (struct bytes){ (uint8_t *)text, (size_t)n }, r->told, NULL) ||
	    !(word = jsonx_str(*r->told, "outcome")))
		return FETCHER_DIED;
	say_sandbox(r->f, *r->told);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(word, words[i]))
			return (enum fetcher_outcome)i;
	return FETCHER_DIED;
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct running *r = arg;

	(void)fd, (void)what;
	job_end(r, read_answer(r));
}

static void on_late(void *arg)
{
	job_end(arg, FETCHER_DIED);
}

void fetcher_stop(struct fetcher *f)
{
	while (!LIST_EMPTY(&f->all))
		job_end(LIST_FIRST(&f->all), FETCHER_DIED);
}

struct fetcher *fetcher_free(struct fetcher *f)
{
	if (!f)
		return NULL;
	fetcher_stop(f);
	free(f);
	return NULL;
}

/* ---------------------------------------------------------------- the beginning */

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int spawn(const char *program, int its_end, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)"loketd-fetch", NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGCHLD);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, its_end, 0);
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &usual);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, program, &files, &how, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return rc;
}

static int start(const char *program, pid_t *pid)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -1;
	if (spawn(program, ends[1], pid)) {
		*pid = 0;
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

static bool give(int fd, const json_t *job, int file)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	char *text = must(json_dumps(job, JSON_COMPACT));
	struct iovec iov = { text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	bool given;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof file);
	memcpy(CMSG_DATA(c), &file, sizeof file);
	given = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)iov.iov_len;
	free(text);
	return given;
}

static struct running *running_new(struct fetcher *f, const json_t *job, int file)
{
	const char *where = f->srv->config->fetcher;
	struct running *r;
	pid_t pid = 0;
	int fd = -1;

	if (f->n < FETCHER_MAX_JOBS && !strncmp(where, "unix:", 5))
		fd = connect_to(where + 5);
	else if (f->n < FETCHER_MAX_JOBS && *where)
		fd = start(where, &pid);
	if (fd < 0)
		return NULL;
	r = must(calloc(1, sizeof(*r)));
	*r = (struct running){ .f = f, .fd = fd, .pid = pid };
	LIST_INSERT_HEAD(&f->all, r, link);
	f->n++;
	if (give(fd, job, file))
		return r;
	running_free(r);
	return NULL;
}

enum op_status fetcher_submit(struct op *op, int next_state, json_t *job, int file, int seconds, json_t **told)
{
	struct fetcher *f = op->srv->fetcher;
	struct running *r = running_new(f, job, file);

	json_decref(job);
	op_wait(op, next_state);
	*told = NULL;
	if (!r) {
		op_wake(op, FETCHER_AWAY);
		return OP_WAIT;
	}
	r->op = op;
	r->told = told;
	r->readable = must(event_new(f->srv->base, r->fd, EV_READ, on_answer, r));
	if (event_add(r->readable, NULL))
		abort();
	r->late = loop_timer_new(f->srv, on_late, r);
	loop_timer_once(r->late, (seconds + FETCHER_GRACE_S) * 1000);
	return OP_WAIT;
}
