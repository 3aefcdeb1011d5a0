/*
 * meta.h - what Messenger, Facebook and Instagram have in common: the post, direct messages, replies
 *
 * An app of Meta's has one address for all that happens on its pages: direct messages, posts and comments
 * come to the same inbox when they belong to one app. So facebook and messenger read both.
 */
#ifndef LOKET_META_H
#define LOKET_META_H

#include "lib/base/jsonr.h"
#include "lib/channel/channel.h"

/* given along with a direct message, before our id of the contact; the echo brings it back */
#define META_METADATA "loketd:"

struct meta_platform;

/* where we are in a post */
struct meta_post {
	struct arena *a;
	const struct inbox *in;
	struct channel_batch *out;
	const struct meta_platform *platform;
	const char *own; /* the page or Instagram account of the entry at hand; may be NULL */
	int64_t at_us;   /* when Meta wrote that entry; 0: it does not say */
};

struct meta_platform {
	const char *object;       /* of the post: "page", "instagram" */
	const char *person;       /* the kind of address that a direct message comes from */
	const struct meta_field { /* a NULL field ends them */
		const char *field;
		void (*read)(struct meta_post *p, const struct jsonr *value);
	} * fields;                    /* of changes[]: what is said in public */
	const char *base;              /* of the API, when the inbox does not say */
	int max_characters, max_bytes; /* of a direct message; 0: no such limit */
	int max_comment;               /* characters */
	/* the request that answers rep in public: its body (a new reference), *path; NULL when that cannot be
	 */
	json_t *(*in_public)(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
			     const char **path);
};

/* as channel_ops.parse and .compose, for one platform */
int meta_parse(const struct meta_platform *platform, struct arena *a, const struct inbox *in,
	       const struct channel_request *r, struct channel_batch *out);
int meta_compose(const struct meta_platform *platform, struct arena *a, const struct inbox *in,
		 const struct channel_reply *rep, struct channel_send *out);

/* meta_messaging - one item of messaging[]: a message, an echo, a reaction, a report, … */
void meta_messaging(struct meta_post *p, const struct jsonr *item);
/* meta_start - the next contact of the batch, empty; meta_take keeps it, or says what is missing */
struct contact *meta_start(struct meta_post *p);
void meta_take(struct meta_post *p, struct contact *c);
/* meta_is_own - is this id our own page or account? */
bool meta_is_own(const struct meta_post *p, const char *id);
/* meta_id - an id, written as text or as a number; NULL when there is none, or one so long that it is none */
const char *meta_id(struct meta_post *p, const struct jsonr *obj, const char *key);
/* meta_person - an id that may be somebody's: digits; else NULL */
const char *meta_person(struct meta_post *p, const struct jsonr *obj, const char *key);
/* meta_moment - seconds or milliseconds since 1970, as text or number; 0 when it is neither */
int64_t meta_moment(const struct jsonr *obj, const char *key);
/* meta_keep - fields[to] = obj[key], unless it is absent; meta_mark - fields[to] = true */
void meta_keep(struct meta_post *p, struct contact *c, const char *to, const struct jsonr *obj,
	       const char *key);
void meta_mark(struct meta_post *p, struct contact *c, const char *to);
/* meta_attach - a file to be fetched from url; false when that is no address on the web. A second one from
 * the same place is the same file: it only tells its kind */
bool meta_attach(struct meta_post *p, struct contact *c, const char *kind, const char *url);

extern const char *const meta_hosts[];       /* where files are: channel_ops.media_hosts */
extern const struct meta_platform meta_page; /* facebook.c: its pages, with their direct messages */

#endif
