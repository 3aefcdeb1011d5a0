/*
 * intake.h - from a verified post to stored contacts: the one way in
 *
 *   http → api_hook_post → channel verify → parse → classify → batch → COMMIT → 2xx
 *                                                              → queue, dispatch, notices
 *
 * Posts that arrive while a commit is under way form the next batch, who is on the line or in a chat first. A batch has two units: what is
 * known (addresses, open cases, messages already here), and, after lib/core/match has decided, everything
 * to write, one statement per table (unnest). Two batches are under way at a time: on two connections when all in the
 * second are plain messages of people who are not in the first, else the second asks behind what the first writes.
 * A batch that failed is tried again post by post, and a post that PostgreSQL refuses part by part, until what it
 * refuses is alone: that becomes a dead letter, the rest is stored.
 */
#ifndef LOKET_INTAKE_H
#define LOKET_INTAKE_H

#include "daemon/op.h"
#include "daemon/world.h"

#include <sys/queue.h>

enum {
	INTAKE_MAX_WAITING = 4096,     /* posts; more are INTAKE_UNAVAILABLE */
	INTAKE_MAX_BULK = 3072,        /* of these what no person waits for: there is room left for who is on the line */
	INTAKE_LATE_MS = 2000,         /* once a post has waited so long, what is bulk has to come again later */
};

enum intake_result { INTAKE_STORED, INTAKE_DUPLICATE, INTAKE_UNAVAILABLE /* 503 */, INTAKE_FAILED /* 500 */ };

/* one post: everything in it is stored, or nothing. Lives in the arena of the operation that waits for it */
struct intake_post {
	const struct world_inbox *inbox;
	struct world *world;               /* a reference, held by the waiting operation */
	struct bytes raw;
	const char *content_type;
	int64_t received_us;
	struct channel_batch batch;
	bool without_proof;                /* a public form: nobody vouches for who sent it */
	const char *dead_reason;           /* not NULL: store raw as a dead letter, nothing else */
	struct uuid retry_of;              /* raw of the dead letters this post tries again; nil otherwise */
	struct agent_id by;                /* typed in by an agent: a new case becomes theirs; nil otherwise */
	struct case_id into;               /* the case that is named for it; nil: lib/core/match decides */
	/* out, per contact of batch: where it went */
	struct intake_placed {
		struct contact_id contact;
		struct case_id case_;
		struct party_id party;
		char reference[24];
		int64_t epoch;                 /* of the case, when it became by's */
		bool duplicate, new_case;
		bool counted;                  /* in the budget of its sender: once, however often it is tried */
		const char *product;           /* what it is about, by lib/core/match */
		bool zero_in_words;            /* option 0 stands in the text, and nowhere else */
	} *placed;
	/* intake.c only */
	struct op *waiter;
	int64_t since_us;                  /* monotonic: when it joined those who wait */
	int tries;
	struct intake_parts *parts;        /* NULL: it goes as a whole */
	TAILQ_ENTRY(intake_post) link;
};

enum { INTAKE_REFERENCE = 24 };

struct intake *intake_new(struct server *srv);
struct intake *intake_free(struct intake *in);
/*
 * intake_store - classify, then join the next batch; the step continues with op->result = enum intake_result
 * in       post: batch, or dead_reason, or retry_of with batch; lives in op's arena until the step continues
 * out      post->placed, one for each contact
 */
enum op_status intake_store(struct op *op, int next_state, struct intake_post *post);
/* intake_late - more comes in than can be stored in time: what is bulk is best refused before anything is done for it */
bool intake_late(const struct intake *in);
/* intake_waiting - posts that are not committed yet */
int intake_waiting(const struct intake *in);
/* intake_reference - of a new case, by chance: DOR-7K3Q-X2MP, easy to read out; no I, L, O or U in it */
void intake_reference(const char *municipality, char out[INTAKE_REFERENCE]);

#endif
