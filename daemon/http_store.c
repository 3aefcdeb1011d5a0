/*
 * http_store.c - where a body's bytes go: memory, and above the plan's mark a file without a name
 *
 * Memory grows with what has come, not with what was declared. The file is written through the page cache;
 * it is mapped once, when the body is complete.
 */
#include "daemon/http_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void http_store_init(struct http_store *s)
{
	*s = (struct http_store){ .fd = -1 };
}

static int write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 503;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* open_spool - a file nobody can find; file systems without O_TMPFILE get a name that goes at once */
static int open_spool(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof(path), "%s/body.XXXXXX", dir) >= (int)sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* to_file - move what is in memory to a file */
static int to_file(struct http_store *s, const char *dir)
{
	int status;

	s->fd = open_spool(dir);
	if (s->fd < 0)
		return 503;
	status = write_all(s->fd, s->data, (size_t)s->len);
	free(s->data);
	s->data = NULL;
	s->cap = 0;
	return status;
}

/* make_room - 0, or 503: a stranger decides how large a body is, so this one may fail without ending the process */
static int make_room(struct http_store *s, int64_t declared, size_t need)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : HTTP_MEMORY_STEP;
	uint8_t *data;

	if (declared >= 0 && (size_t)declared < cap)
		cap = (size_t)declared;
	if (cap < need)
		cap = need;
	data = realloc(s->data, cap);
	if (data == NULL)
		return 503;
	s->data = data;
	s->cap = cap;
	return 0;
}

int http_store_add(struct http_store *s, const struct http_plan *plan, const char *spool_dir,
                   int64_t declared, const uint8_t *p, size_t len)
{
	int64_t total = s->len + (int64_t)len;
	int status = 0;

	if (total > plan->max_body)
		return 413;
	if (s->fd < 0 && total > plan->spool_above)
		status = to_file(s, spool_dir);
	if (status == 0 && s->fd >= 0) {
		status = write_all(s->fd, p, len);
	} else if (status == 0) {
		if ((size_t)total > s->cap)
			status = make_room(s, declared, (size_t)total);
		if (status == 0)
			memcpy(s->data + s->len, p, len);
	}
	s->len = status == 0 ? total : s->len;
	return status;
}

int http_store_end(struct http_store *s)
{
	void *map;

	if (s->fd < 0)
		return 0;
	map = mmap(NULL, (size_t)s->len, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (map == MAP_FAILED)
		return 503;
	s->data = map;
	s->mapped = true;
	return 0;
}

void http_store_done(struct http_store *s)
{
	if (s->mapped)
		munmap(s->data, (size_t)s->len);
	else
		free(s->data);
	if (s->fd >= 0)
		close(s->fd);
	http_store_init(s);
}
