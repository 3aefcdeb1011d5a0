#include "daemon/intake_batch.h"

#include "daemon/config.h"
#include "daemon/server.h"
#include "lib/base/hmac.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* whole and on disk, or not there at all */
static int write_file(const char *path, struct bytes content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int bad;

	if (fd < 0)
		return -1;
	bad = write_all(fd, content) || fsync(fd);
	if (close(fd) || bad) {
		unlink(path);
		return -1;
	}
	return 0;
}

static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), bad;

	if (fd < 0)
		return -1;
	bad = fsync(fd);
	return close(fd) || bad ? -1 : 0;
}

static int make_folder(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -1 : 0;
}

/* files/ab/abcd…: named after what is in it, so the same file is kept once */
static int keep_file(struct server *srv, struct arena *a, const char *sha256_hex, struct bytes content, struct err *err)
{
	const char *top = arena_printf(a, "%s/files", srv->config->state_dir);
	const char *folder = arena_printf(a, "%s/%.2s", top, sha256_hex);
	const char *path = arena_printf(a, "%s/%s", folder, sha256_hex);
	char id[UUID_TEXT];
	const char *draft;

	if (!access(path, F_OK))
		return 0;
	uuid_format(server_uuid(srv), id);
	draft = arena_printf(a, "%s/.%s", folder, id);
	if (make_folder(top) || make_folder(folder) || write_file(draft, content))
		return err_set(err, ERR_IO, "cannot keep a file: %s", strerror(errno));
	if (rename(draft, path) || sync_folder(folder) || sync_folder(top)) {
		unlink(draft);
		return err_set(err, ERR_IO, "cannot keep a file: %s", strerror(errno));
	}
	return 0;
}

static int keep_attachment(struct server *srv, struct arena *a, struct contact_attachment *f, struct err *err)
{
	uint8_t digest[SHA256_BYTES];
	char *hex = arena_alloc(a, SHA256_HEX), *id = arena_alloc(a, UUID_TEXT);

	sha256(f->content, digest);
	hex_encode(digest, sizeof digest, hex);
	if (keep_file(srv, a, hex, f->content, err))
		return -1;
	uuid_format(server_uuid(srv), id);
	f->id = id;
	f->sha256 = hex;
	f->state = "stored";
	f->n_bytes = (int64_t)f->content.len;
	return 0;
}

int intake_files(struct server *srv, struct arena *a, struct channel_batch *batch, struct err *err)
{
	for (int i = 0; i < batch->n_contacts; i++)
		for (int f = 0; f < batch->contacts[i].n_attachments; f++)
			if (batch->contacts[i].attachments[f].content.data &&
			    keep_attachment(srv, a, &batch->contacts[i].attachments[f], err))
				return -1;
	return 0;
}
