/*
 * http_parse.h - from bytes to a request: no socket, no clock, so that it can be fuzzed
 *
 * Three looks at every head. head_scan reads each byte once, as it comes, and refuses what two parsers
 * could read differently (bare CR or LF, folded lines, control bytes) and what is too long. llhttp judges
 * the grammar. request_new then refuses what llhttp allows and a proxy might read differently (two Hosts,
 * two lengths, a length together with chunks, other versions, methods and codings). llhttp also cuts the
 * body out of the bytes that follow.
 *
 * source   RFC 9112 and reliability E1-E7; llhttp 8.1 (Debian's node-llhttp), read 2026-11-21
 */
#ifndef LOKET_HTTP_PARSE_H
#define LOKET_HTTP_PARSE_H

#include "daemon/http.h"

#include <llhttp.h>
#include <stddef.h>

enum {
	HTTP_MAX_TARGET = 4096,        /* bytes of path and query: longer is 414 */
	HTTP_METHOD_AND_VERSION = 32,  /* the rest of a request line, generously */
	HTTP_MAX_LENGTH_DIGITS = 10,   /* of Content-Length */
	HTTP_CHUNK_LINE = 20,          /* end of the last chunk, 16 hex digits, CRLF; extensions are refused */
	HTTP_MEMORY_STEP = 16 * 1024,  /* a body's first piece of memory, when its length is not proven yet */
};

/* head_scan's memory between two arrivals of bytes; zero to begin with */
struct head_scan {
	size_t seen;                   /* bytes looked at */
	size_t line;                   /* where the current line began */
	int n_lines;                   /* complete lines, the request line included */
};

/*
 * head_scan - look at the bytes that have come since the last time
 * in       p[len]: everything since the start of the request
 * returns  > 0  the head is complete and that long, its empty line included
 *          0    more bytes are needed
 *          < 0  refuse: minus the HTTP status (400, 414, 431)
 */
int head_scan(struct head_scan *s, const uint8_t *p, size_t len, const struct http_limits *l);

struct header {
	uint32_t name, n_name;         /* in text; lower case is not promised */
	uint32_t value, n_value;       /* without the blanks around it; a NUL follows both */
};

/* the bytes of a body: in memory, or in a file that has no name any more */
struct http_store {
	uint8_t *data;
	int64_t len;
	size_t cap;
	int fd;                        /* -1: in memory */
	bool mapped;                   /* data is a map of fd */
};

struct request {
	llhttp_t parser;
	bool headers_done, complete;
	bool chunked, keep_alive, expects_continue;
	int64_t length;                /* declared; -1: not declared */
	int n_headers, max_headers;
	bool in_value;                 /* llhttp is in a header's value */
	uint32_t target, n_target;
	char *text;                    /* the head, a copy; ours; path, query and header values end in NUL */
	const char *path, *query;
	int status;                    /* why the body was refused; 0: it was not */
	struct http_store body;
	const struct http_plan *plan;  /* of the body; set before request_body */
	const char *spool_dir;
	int64_t framing;               /* bytes since the last piece of body, or size line of a chunk */
	struct header headers[];       /* max_headers of them; the text is behind them in the same allocation */
};

/*
 * request_new - the head in p[len], as head_scan found it
 * out      *out: the caller frees it with request_free; set only when 0 is returned
 * returns  0, or the HTTP status to refuse with (400, 417, 501, 505)
 */
int request_new(const uint8_t *p, size_t len, int n_lines, struct request **out);
/*
 * request_body - take body bytes from p[len]; r->complete tells when the body has ended
 * out      *used: what belonged to this request; the rest is the next one
 * returns  0, or the status to refuse with (400, 413, 503 when the spool failed)
 */
int request_body(struct request *r, const uint8_t *p, size_t len, size_t *used);
struct request *request_free(struct request *r);
/* request_header - value of name (any case); NULL when absent or there twice */
const char *request_header(const struct request *r, const char *name);

/* http_store.c: http_store_add returns 0, 413 or 503; http_store_end maps what went to a file: 0 or 503 */
void http_store_init(struct http_store *s);
int http_store_add(struct http_store *s, const struct http_plan *plan, const char *spool_dir,
                   int64_t declared, const uint8_t *p, size_t len);
int http_store_end(struct http_store *s);
void http_store_done(struct http_store *s);

#endif
