#include "daemon/attachment_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void in_quarantine(const struct config *c, const char *id, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/quarantine/%s", c->state_dir, id);
}

static void in_files(const struct config *c, const char *sha256, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/files/%.2s/%s", c->state_dir, sha256, sha256);
}

int attachment_draft_new(const struct config *c, const char *id)
{
	char path[PATH_MAX];

	in_quarantine(c, id, path);
	unlink(path);   /* a fetcher of an earlier try may still write to it */
	return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int write_all(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = write(fd, b.data, b.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		b.data += n;
		b.len -= (size_t)n;
	}
	return 0;
}

int attachment_write(const struct config *c, const char *id, struct bytes content)
{
	int fd = attachment_draft_new(c, id), bad;

	if (fd < 0)
		return -1;
	bad = write_all(fd, content);
	if (!close(fd) && !bad)
		return 0;
	attachment_drop(c, id);
	return -1;
}

int attachment_open(const struct config *c, const char *id, const char *sha256)
{
	char path[PATH_MAX];
	int fd;

	in_quarantine(c, id, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 || !sha256)
		return fd;
	in_files(c, sha256, path);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

int attachment_keep(const struct config *c, const char *id, const char *sha256)
{
	char from[PATH_MAX], to[PATH_MAX], folder[PATH_MAX];

	in_quarantine(c, id, from);
	in_files(c, sha256, to);
	snprintf(folder, sizeof folder, "%s/files/%.2s", c->state_dir, sha256);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return -1;
	return rename(from, to) && (errno != ENOENT || access(to, F_OK)) ? -1 : 0;
}

void attachment_drop(const struct config *c, const char *id)
{
	char path[PATH_MAX];

	in_quarantine(c, id, path);
	unlink(path);
}
