#include "daemon/intake_batch.h"

#include "daemon/attachment_files.h"
#include "daemon/config.h"
#include "daemon/server.h"
#include "lib/base/hmac.h"

#include <errno.h>
#include <string.h>

/*
 * Not synced here, because that would make everybody wait: loketd-fetch does it before anybody gets to see the file.
 * Until then a crash of the machine may cost it; the digest tells, and the raw bytes of the post are in PostgreSQL
 */
static int keep_content(struct server *srv, struct arena *a, struct contact_attachment *f, struct err *err)
{
	uint8_t digest[SHA256_BYTES];
	char *hex = arena_alloc(a, SHA256_HEX);

	sha256(f->content, digest);
	hex_encode(digest, sizeof digest, hex);
	if (attachment_write(srv->config, f->id, f->content))
		return err_set(err, ERR_IO, "cannot keep a file: %s", strerror(errno));
	f->sha256 = hex;
	f->state = "quarantined";
	f->n_bytes = (int64_t)f->content.len;
	return 0;
}

static int keep_attachment(struct server *srv, struct arena *a, struct contact_attachment *f, struct err *err)
{
	char *id = arena_alloc(a, UUID_TEXT);

	uuid_format(server_uuid(srv), id);
	f->id = id;
	if (f->content.data || (!f->provider_ref && !strcmp(f->state, "stored")))
		return keep_content(srv, a, f, err);
	f->state = f->provider_ref ? "pending" : "refused";
	return 0;
}

int intake_files(struct server *srv, struct arena *a, struct channel_batch *batch, struct err *err)
{
	for (int i = 0; i < batch->n_contacts; i++)
		for (int f = 0; f < batch->contacts[i].n_attachments; f++)
			if (keep_attachment(srv, a, &batch->contacts[i].attachments[f], err))
				return -1;
	return 0;
}
