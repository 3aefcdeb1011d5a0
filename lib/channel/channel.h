/*
 * channel.h - what a channel is: bytes to contacts, and replies to requests
 *
 * A channel is pure. It does not decide, store, retry, or look at the clock. It is one
 * file and one line in channels.def. See README.md for how to add one.
 */
#ifndef LOKET_CHANNEL_H
#define LOKET_CHANNEL_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/hmac.h"
#include "lib/core/call.h"
#include "lib/core/contact.h"

#include <stdbool.h>

enum { CHANNEL_MAX_SECRETS = 10 };

/* one account on one channel of one municipality, as its channel sees it. Borrowed, read-only */
struct inbox {
	const char *id;              /* "dordrecht-whatsapp" */
	const char *municipality;    /* "dordrecht" */
	const char *channel;         /* as the citizen knows it: "sms". Who carries it is channel_ops.name: "twilio" */
	const char *account;         /* phone_number_id, page id, address, …; may be NULL */
	const json_t *settings;      /* object, never NULL: base_url, product, public, mapping, … */
	/* during a rotation two secrets of one kind are good. Kinds: "secret" (signs what comes in),
	 * "verify" (subscription handshake), "token" (we present it when sending), "tokenSecret" and "key" (where
	 * a provider wants more than a token) */
	struct inbox_secret {
		const char *kind, *value;
		const struct hmac_key *ready;   /* of a "secret", for HMAC-SHA256; NULL: made for each post */
	} secrets[CHANNEL_MAX_SECRETS];
	int n_secrets;
};

/* a request as a channel sees it; header names are matched without case */
struct channel_request {
	const char *url;             /* whole, as the provider called it: some sign it. From the configured public_url */
	const char *query;           /* without "?", undecoded; may be "" */
	struct bytes body;           /* the raw bytes */
	const char *content_type;    /* may be NULL */
	const char *peer;            /* who sent it, as the proxy tells; NULL unknown */
	/* the one value of a header; NULL when it is absent or stands there twice */
	const char *(*header)(const void *ctx, const char *name);
	const void *ctx;
	int64_t now_us;
	bool polled;                 /* we asked for it (poll): there is no sender to prove */
};

enum channel_outcome {
	CHANNEL_REFUSED = 1,         /* bad or missing signature: 401 */
	CHANNEL_UNREADABLE,          /* signed, but not what it should be: dead letter, 2xx */
	CHANNEL_TOO_LARGE,           /* 413 */
	CHANNEL_INVALID,             /* an unsigned form that cannot be taken: 422, out->problem says why */
};

/* everything in one post; all of it or nothing is stored */
struct channel_batch {
	struct contact *contacts;
	int n_contacts;
	struct delivery_report *reports;
	int n_reports;
	struct call_event *calls;    /* what happened to the call that is the only contact of this post */
	int n_calls;
	int n_ignored;               /* pings, template updates, …: a fine answer, counted */
	/* parts that are signed and addressed to us, yet not readable: each a dead letter beside the
	 * contacts that were. why is a constant text without personal data */
	struct { const char *why; } unreadable[16];
	int n_unreadable;
	const char *cursor;          /* polled: where the next page begins; NULL: where this one did */
	bool more;                   /* polled: there is a next page already */
	const char *problem;         /* with CHANNEL_INVALID or _UNREADABLE: constant text, no personal data */
	json_t *bad_fields;          /* with CHANNEL_INVALID: array of {"name","reason"} */
};

/* a file that goes along with a reply; one that may be handed out (lib/core/file_type.h) */
struct channel_file {
	const char *id;              /* of the attachment */
	const char *kind;            /* image, audio, video, file */
	const char *name;            /* safe on any system, with the ending of its type */
	const char *media_type;      /* what it was found to be; NULL: nobody has looked yet */
	int64_t n_bytes;
	const char *sha256;          /* in hex; may be NULL */
	struct bytes content;        /* data NULL: it is only tried whether the reply can be sent */
	const char *uploaded;        /* the provider's id of it, of channels with upload; NULL: it was not brought there yet */
};

/* what a channel takes along with a reply. A public reply takes none */
struct channel_files {
	int most;
	int64_t max_bytes;           /* of all of them together */
	int max_characters;          /* of the text that goes with them; 0: as without */
	bool by_url;                 /* the message tells where they are, and who got it asks us (api_hook_attachment): compose
	                              * needs no content */
	/* does the provider take this kind and size? NULL: whatever agents get to see */
	bool (*takes)(const struct channel_file *file);
};

/* what a reply becomes: one HTTP request, or one mail by SMTP; run by the outbox */
struct channel_send {
	const char *method;          /* NULL: POST */
	const char *url;
	const char *headers[8];      /* "Name: value"; NULL ends */
	const char *body;
	size_t body_len;
	/* body is a mail, url smtp: or smtps:. The sent function gets the reply code of SMTP as its status */
	const char *mail_from, *mail_to;     /* of the envelope; NULL: no mail */
	const char *user, *password;         /* at the mail server; NULL: none */
	const char *id;              /* what the provider knows it by, when we choose that; NULL: the answer tells */
	int limit;                   /* with REPLY_TOO_LONG: how many characters the channel takes; with REPLY_TOO_MANY_FILES:
	                              * files; with REPLY_FILES_TOO_LARGE: bytes; with REPLY_BAD_FILE: which file, from 0 */
};

struct channel_reply {
	const char *contact_id;      /* ours, given along so that reports can name it */
	const char *to_kind, *to;    /* the citizen's address */
	const char *text;
	const json_t *template_;     /* object or NULL */
	const json_t *menu;          /* the choices that text tells in lines (menu_written of lib/core/menu.h); or NULL: none */
	const struct channel_file *files;
	int n_files;
	const char *reply_to;        /* provider id of the message it quotes; may be NULL */
	const char *answers_id;      /* provider id of the citizen's newest message; may be NULL */
	const json_t *answers;       /* its fields, as parse made them: subject, thread, post, …; object or NULL */
	const char *reference;       /* of the case, as citizens know it; may be NULL */
	bool is_public;              /* said where everybody reads it */
	bool is_automatic;           /* no person wrote it */
	const char *hook;            /* the inbox's own URL, for providers that are told where to report; or NULL */
	int64_t last_in_us;          /* when the citizen last wrote here; 0 never */
	int64_t now_us;
};

enum reply_outcome {             /* said before sending; the API names the rule (422) */
	REPLY_NO_CHANNEL = 1,        /* this channel cannot answer: use another */
	REPLY_WINDOW_CLOSED,         /* outside the provider's window: a template is needed */
	REPLY_TOO_LONG,
	REPLY_NO_ADDRESS,
	REPLY_BAD_TEMPLATE,
	REPLY_NOT_PUBLIC,            /* this conversation is private */
	REPLY_NOT_PRIVATE,           /* this channel knows no private answer (here) */
	REPLY_OPTED_OUT,             /* the citizen said stop */
	REPLY_NO_FILES,              /* this channel carries none, or not here */
	REPLY_TOO_MANY_FILES,
	REPLY_FILES_TOO_LARGE,
	REPLY_BAD_FILE,              /* not a kind or size that the provider takes */
};

/* one GET of an attachment: what comes is the file, or tells where the file is */
struct channel_media {
	const char *url;
	const char *headers[4];      /* "Name: value"; NULL ends */
	bool is_file;                /* false: media is asked again, with what came */
};
enum { MEDIA_IMPOSSIBLE = 1, MEDIA_MAX_ANSWER = 64 << 10 };

/* what became of a request that was sent */
enum sent_outcome {
	SENT_OK, SENT_RETRY, SENT_FAILED, SENT_UNCERTAIN,
	SENT_OPTED_OUT,              /* failed for good: the citizen told the provider to stop */
};

struct channel_ops {
	const char *name;            /* of the provider, an inbox's "provider": "whatsapp", "twilio" */
	bool is_platform;            /* its provider_id is the id that the channel itself gave, as others pass it on */
	bool signed_body;            /* false: unsigned posts are possible (public forms) */
	bool files_within;           /* a body may hold whole files: it may be as large as an upload */
	bool by_get;                 /* some of it comes by GET: parse gets the query as a urlencoded body */
	const char *handshake_type;  /* media type of the handshake's answer; NULL: text/plain */
	/* GET: the subscription handshake. Returns 0 and *answer or CHANNEL_REFUSED. May be NULL */
	int (*handshake)(struct arena *a, const struct inbox *in, const struct channel_request *r,
	                 const char **answer);
	/* is this from whom it says? Over the raw bytes, before anything is parsed. 0 or CHANNEL_REFUSED */
	int (*verify)(const struct inbox *in, const struct channel_request *r);
	/* 0, CHANNEL_UNREADABLE, CHANNEL_TOO_LARGE or CHANNEL_INVALID */
	int (*parse)(struct arena *a, const struct inbox *in, const struct channel_request *r,
	             struct channel_batch *out);
	/* the request that asks for what is new since cursor (NULL: never asked); parse reads its answer. 0, or
	 * REPLY_NO_CHANNEL when the inbox is not set up for it. NULL: the provider comes to us */
	int (*poll)(struct arena *a, const struct inbox *in, const char *cursor, struct channel_send *out);
	/* the answer after COMMIT: NULL means 200 with an empty body. reference is the case's, secret (NULL: not for
	 * who sent this) lets its citizen see it; *status and the JSON text (arena) otherwise */
	const char *(*receipt)(struct arena *a, const char *reference, const char *secret, int64_t received_us,
	                       int *status);
	/* what an exchange is to do with a caller, in its own words (arena): next is CallNext of
	 * openapi.json, NULL when that is not known now, so that the caller waits. NULL: the exchange takes
	 * the JSON as it is */
	const char *(*call_next)(struct arena *a, const struct inbox *in, const struct channel_request *r,
	                         const char *next);
	const char *call_next_type;  /* media type of that */
	/* 0 or enum reply_outcome. NULL when the channel cannot answer */
	int (*compose)(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
	               struct channel_send *out);
	const struct channel_files *files;   /* that go along with a reply; NULL: none */
	/* where files are brought to the provider before the message that names them: the request for one of rep->files, and what
	 * it is called there, as sent tells it of a message. Nobody is told anything by it, so it may be done twice. NULL: they
	 * go with the message */
	int (*upload)(struct arena *a, const struct inbox *in, const struct channel_reply *rep, const struct channel_file *file,
	              struct channel_send *out);
	enum sent_outcome (*uploaded)(struct arena *a, int status, struct bytes body, const char **id, const char **error);
	/* reads the provider's answer; status 0 = no answer came. *provider_id, *error in the arena */
	enum sent_outcome (*sent)(struct arena *a, int status, struct bytes body,
	                          const char **provider_id, const char **error);
	/* with SENT_RETRY: how long the answer's body asks to wait; 0: it does not say. NULL: only headers do */
	int (*retry_after_s)(struct arena *a, struct bytes body);
	/* how to get an attachment by its provider_ref. answer: data NULL the first time, then what the first request
	 * brought, at most MEDIA_MAX_ANSWER. 0 or MEDIA_IMPOSSIBLE. NULL: provider_ref is a URL (media.h) */
	int (*media)(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
	             struct channel_media *out);
	/* where the provider keeps its files: a host, or ".name" for all below it; NULL ends. May be NULL: none */
	const char *const *media_hosts;
};

/* channel_find - by name; NULL when there is none */
const struct channel_ops *channel_find(const char *name);
/* channel_at - the i-th in alphabetical order; NULL past the end */
const struct channel_ops *channel_at(int i);
/* inbox_secret - the n-th secret of a kind; NULL past the end */
const char *inbox_secret(const struct inbox *in, const char *kind, int n);
const struct inbox_secret *inbox_secret_at(const struct inbox *in, const char *kind, int n);

#endif
