/*
 * email.h - a mail as its reader sees it, whoever brought it: raw (RFC 5322), or a provider's JSON
 *
 *   email.c        the channel: which of the two it is; SMTP
 *   email_mime.c   raw bytes to struct email; the only file that knows gmime's messages
 *   email_read.c   struct email to contacts and reports: who, thread, quotation, what is automatic
 *   email_write.c  a reply to a mail
 *   postmark.c     Postmark: its JSON to struct email, its way out
 */
#ifndef LOKET_EMAIL_H
#define LOKET_EMAIL_H

#include "lib/channel/channel.h"
#include "lib/channel/form.h"

enum {
	EMAIL_MAX_HEADERS = 500,
	EMAIL_MAX_HEADER_BYTES = 256 * 1024, /* of all headers that are looked at */
	EMAIL_MAX_LINES = 100000,            /* that look like a header or a boundary: each costs the parser memory */
	EMAIL_MAX_FOLDED = 128 * 1024,       /* of one header */
	EMAIL_MAX_GROUPS = 200,              /* colons in a list of addresses */
	EMAIL_MAX_ADDRESSES = 16 * 1024,     /* bytes of a list of addresses that is read */
	EMAIL_MAX_DEPTH = 20,                /* parts within parts */
	EMAIL_MAX_PARTS = 300,
	EMAIL_MAX_HTML = 1 << 20,            /* of all HTML parts */
	EMAIL_MAX_TEXT = 4 * CONTACT_TEXT_BYTES,
	EMAIL_MAX_QUOTED = 16 * 1024,
	EMAIL_MAX_SUBJECT = 500,
	EMAIL_MAX_ID = 256,
	EMAIL_MAX_ADDRESS = 254,
	EMAIL_MAX_OTHERS = 20,               /* addresses in To and in Cc that are kept */
	/* of what goes out. As base64, with a text, they fit in the 10,240,000 bytes that a mail server takes when nobody told it
	 * otherwise (message_size_limit of Postfix), and in the 10 MB of Postmark */
	EMAIL_MAX_FILES = 10,
	EMAIL_MAX_FILES_BYTES = 7000000,
};

struct email_header {
	const char *name, *value;            /* on one line, not decoded */
};

struct email {
	struct email_header headers[EMAIL_MAX_HEADERS];
	int n_headers;
	const char *text;                    /* the plain part, or made from HTML; may be NULL */
	struct form_file files[FORM_MAX_FILES];
	int n_files;
	int n_left_out;                      /* parts past a limit: only the raw bytes have them */
	const char *sealed;                  /* "smime" or "pgp": encrypted, nobody here can read it; else NULL */
	const char *action, *status, *disposition; /* of a report about a message (RFC 3464, RFC 8098); may be NULL */
	bool is_report;
	const char *id;                      /* of the provider who brought it; NULL: the Message-ID */
	struct bytes raw;
};

/* email_parse - a raw mail. Returns 0, or CHANNEL_UNREADABLE when it has no headers or would cost too much */
int email_parse(struct arena *a, struct bytes raw, struct email *out);
/* email_header - the n-th value of a name, from 0; NULL past the last */
const char *email_header(const struct email *m, const char *name, int n);
/* email_decoded - a header's text, encoded words decoded, NFC */
const char *email_decoded(struct arena *a, const char *value, size_t max_bytes);
/* email_mailbox - the n-th mailbox of an address list: lower case, NULL when there is none; *name may be NULL */
const char *email_mailbox(struct arena *a, const char *value, int n, const char **name);
/* email_is_address - one that can be written to by SMTP, as it is: ASCII, a domain, nothing that ends a line */
bool email_is_address(const char *s);
/* email_moment - of a Date header; 0 when it is none */
int64_t email_moment(const char *value);

/* email_batch - what a mail becomes: one contact, one report, or nothing */
void email_batch(struct arena *a, const struct inbox *in, const struct channel_request *r, const struct email *m,
		 struct channel_batch *out);
/* email_own_id - "<id>@<domain of the account>": how a reply of ours is known */
const char *email_own_id(struct arena *a, const struct inbox *in, const char *contact_id);
/* email_ids - the message ids in a header, without <>; how many */
int email_ids(struct arena *a, const char *value, const char **out, int max);

/* postmark_read - an inbound webhook of Postmark's as a mail; *m stays empty and out is filled when it is a report.
 * 0 or CHANNEL_UNREADABLE */
int postmark_read(struct arena *a, const struct channel_request *r, struct email *m, struct channel_batch *out);
/* email_verify - ours (proof_own), or the basic authentication that Postmark takes in its URL */
int email_verify(const struct inbox *in, const struct channel_request *r);
/* email_parse_any - a post in either shape */
int email_parse_any(struct arena *a, const struct inbox *in, const struct channel_request *r,
		    struct channel_batch *out);

/* what both ways out need */
struct email_reply {
	const char *from_name;               /* may be NULL */
	const char *subject, *id;            /* id without <> */
	const char *in_reply_to, *references; /* with <>; may be NULL */
};
extern const struct channel_files email_files;
/* email_check - 0 or enum reply_outcome: can this be answered by mail, and does it fit? */
int email_check(const struct inbox *in, const struct channel_reply *rep, struct channel_send *out);
/* email_reply - what a reply says about itself */
void email_reply(struct arena *a, const struct inbox *in, const struct channel_reply *rep, struct email_reply *out);
/* email_write - the whole mail, lines ending in CRLF */
const char *email_write(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			const struct email_reply *e, size_t *len);

#endif
