/*
 * bench.h - a channel on the workbench: one request in, what the channel makes of it out
 *
 * An example is a pair of files. NN-name.in: lines "@key: value" (see bench_read), lines "Header: value", an
 * empty line, and the body without its last line end. NN-name.out: JSON of everything that came out.
 */
#ifndef LOKET_BENCH_H
#define LOKET_BENCH_H

#include "lib/channel/channel.h"

enum { BENCH_MAX_HEADERS = 16 };

struct bench {
	struct arena *a;
	const struct channel_ops *ops;
	struct inbox inbox;
	struct channel_request request;
	struct {
		const char *name, *value;
	} headers[BENCH_MAX_HEADERS];
	int n_headers;
	const char *sign;            /* hub, own, bearer, basic, x, telegram, twilio, messagebird, bird, query, none; NULL: what suits it */
	const char *secret;          /* it is signed with: "geheim" */
	const char *url;             /* of the request, without its query */
	bool by_get;
	const char *does;            /* parse (the rule), handshake, compose, sent, receipt, poll, page */
	int status;                  /* of the provider's answer, with sent */
};

/* bench_new - an inbox "test" of the channel with secret "geheim", verify "verify" and token "token" */
struct bench *bench_new(const char *channel);
struct bench *bench_free(struct bench *b);
/* bench_header - add one; the value is not copied */
void bench_header(struct bench *b, const char *name, const char *value);
/* bench_url - request.url is what it is called with, as url and query are now */
void bench_url(struct bench *b);
/* bench_sign - add the proof that b->sign names, over the body (and URL) as it is now */
void bench_sign(struct bench *b);
/* bench_parse - as the hook does: what comes by GET is in the query */
int bench_parse(struct bench *b, struct channel_batch *out);
/* bench_load - a whole file into the arena; data is NULL when it cannot be read */
struct bytes bench_load(struct arena *a, const char *path);
/* bench_read - fill b from the text of an .in file; false when it is malformed
 *  @settings @channel @account @peer @now @secret @sign @url @query @method @do @status @body (raw, base64, crlf) */
bool bench_read(struct bench *b, struct bytes in);
/* bench_run - do it; JSON of all that came out, owned by the arena */
json_t *bench_run(struct bench *b);

#endif
