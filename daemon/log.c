/* log.c - one line per event on stderr, never blocking */
#include "daemon/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* PIPE_BUF: a line that fits is written in one piece or not at all */
enum { MAX_LINE = 1024, MAX_PER_SECOND = 200, N_NAMES = 128 };

static struct {
	enum log_level most;
	bool is_socket, dated;
	unsigned long dropped;
} out = { .most = LOG_INFO };

/* how many lines of an event this second; names are constants, so their address will do as key */
static struct tally {
	const char *event;
	time_t second;
	unsigned n;
} tallies[N_NAMES];

static const struct {
	const char *name;
	enum log_level level;
} levels[] = {
	{ "error", LOG_ERROR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "info", LOG_INFO },   { "debug", LOG_DEBUG },
};

int log_level_from(const char *s)
{
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		if (!strcmp(s, levels[i].name))
			return levels[i].level;
	}
	return -1;
}

void log_init(enum log_level most)
{
	struct stat st;

	out.most = most;
	out.is_socket = !fstat(STDERR_FILENO, &st) && S_ISSOCK(st.st_mode);
	out.dated = !getenv("JOURNAL_STREAM");      /* journald keeps the time itself */
}

unsigned long log_dropped(void)
{
	return out.dropped;
}

static void write_line(const char *line, size_t len)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	if (out.is_socket)
		n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		n = write(STDERR_FILENO, line, len);
	else
		n = -1;
	if (n != (ssize_t)len)
		out.dropped++;
}

/* too_many - count this line; true when its event had its share of this second */
static bool too_many(const char *event, time_t now)
{
	struct tally *t = &tallies[((uintptr_t)event >> 3) % N_NAMES];

	if (t->event != event || t->second != now)
		*t = (struct tally){ .event = event, .second = now };
	return ++t->n > MAX_PER_SECOND;
}

static size_t begin_line(char *line, enum log_level level, const struct timespec *now, const char *event)
{
	int n = snprintf(line, MAX_LINE, "<%d>", level);
	struct tm tm;

	if (out.dated && gmtime_r(&now->tv_sec, &tm)) {
		n += (int)strftime(line + n, (size_t)(MAX_LINE - n), "%Y-%m-%dT%H:%M:%S", &tm);
		n += snprintf(line + n, (size_t)(MAX_LINE - n), ".%03ldZ ", now->tv_nsec / 1000000);
	}
	n += snprintf(line + n, (size_t)(MAX_LINE - n), "%.100s ", event);
	return (size_t)n;
}

static void mask_control(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[MAX_LINE + 1];
	struct timespec now;
	va_list ap;

	if (level > out.most)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (too_many(event, now.tv_sec)) {
		out.dropped++;
		return;
	}
	size_t n = begin_line(line, level, &now, event);
	va_start(ap, fmt);
	vsnprintf(line + n, MAX_LINE - n, fmt, ap);
	va_end(ap);
	mask_control(line + n);
	n += strlen(line + n);
	line[n++] = '\n';
	write_line(line, n);
}
