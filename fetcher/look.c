/* look.c - what a file is: on disk, how long, its digest, and its type as libmagic finds it */
#include "fetcher/fetcher.h"
#include "lib/base/hmac.h"

#include <magic.h>
#include <openssl/evp.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, SECONDS = 60 };

static bool digest(int file, json_t *told)
{
	static unsigned char buf[CHUNK];
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[SHA256_HEX];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	long long total = 0;
	ssize_t n;

	if (!c || !EVP_DigestInit_ex(c, EVP_sha256(), NULL))
		return false;
	while ((n = pread(file, buf, sizeof buf, total)) > 0) {
		EVP_DigestUpdate(c, buf, (size_t)n);
		total += n;
	}
	EVP_DigestFinal_ex(c, sum, NULL);
	EVP_MD_CTX_free(c);
	hex_encode(sum, SHA256_BYTES, hex);
	json_object_set_new(told, "bytes", json_integer(total));
	json_object_set_new(told, "sha256", json_string(hex));
	return n == 0;
}

/* nothing is unpacked: what is in an archive is clamd's business */
void job_look(struct job *j)
{
	magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	const char *type;

	if (!m || magic_load(m, NULL)) {
		job_end(j, LATER, "the magic file cannot be read");
		return;
	}
	json_object_set_new(j->told, "sandbox", json_string(sandbox_enter(NEEDS_NOTHING, 0, SECONDS)));
	if (fsync(j->file) || !digest(j->file, j->told) || lseek(j->file, 0, SEEK_SET) < 0) {
		job_end(j, LATER, "the file cannot be read");
		return;
	}
	type = magic_descriptor(m, j->file);
	json_object_set_new(j->told, "type", json_string(type ? type : "application/octet-stream"));
}
