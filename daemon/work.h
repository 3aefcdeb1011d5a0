/*
 * work.h - what the writes to a case have in common (api_work.c, api_reply.c, api_move.c, api_posts.c)
 *
 * Each goes the same way: look at the body and read the case; check the rules (lib/core/case_file and what
 * the route adds); write, guarded by the epoch, owner and state that were read; after COMMIT tell the
 * event streams, the dispatcher and the queue. A write that finds another epoch, owner or state does nothing.
 */
#ifndef LOKET_WORK_H
#define LOKET_WORK_H

#include "daemon/api.h"
#include "daemon/world.h"
#include "lib/core/case_file.h"

enum { WORK_NOTE_BYTES = 64 * 1024, WORK_LINE_BYTES = 2000 };

enum work_state { WORK_START, WORK_READ, WORK_WRITTEN };

/* a case as it was read; lives in the arena of the operation */
struct work {
	struct case_id id;
	const char *reference, *municipality, *product, *inbox, *channel, *language;
	const char *state_word;
	enum case_state state;
	struct agent_id owner;         /* nil: nobody */
	int64_t epoch;
	bool option0, formal, merged;
	int transfers, n_open_tasks;
	int64_t opened_us, arrived_us, due_us;
	struct agent_id wanted;        /* asked for by a transfer; nil: anybody */
	int team;                      /* route number; 0: any */
	const char *arm;               /* drawn when it came; NULL: nothing was */
	const char *why;               /* of the rule in lib/core/case_file that allowed it */
};

/*
 * work_begin - the path's case: adds its statement to a new unit; *u is NULL when the id is none (404)
 * work_got   - after that unit came back: fills w from statement 0, false when nobody or not for us (404)
 * work_got_at - the same from another statement, which has the columns of work_case.sql
 */
struct pg_unit *work_begin(struct api *a, struct work *w);
bool work_got(struct api *a, struct work *w);
bool work_got_at(struct api *a, int statement, struct work *w);
/* work_epoch - the body's epoch; 0 is right only for a case that was never offered (a lead's write) */
int64_t work_epoch(struct api *a);
/*
 * work_refused - PROBLEM_NONE when who may do this to the case now, and it has the epoch given
 * in       event: one of lib/core/case_file, or -1 for what changes no state but needs an owner
 */
enum problem work_refused(const struct api *a, struct work *w, int64_t epoch, int event);
/* work_guard - the parameters $1 case, $2 epoch, $3 owner of a guarded write */
void work_guard(struct pg_unit *u, const struct work *w);
/*
 * work_new_id - the id of what this request makes for the case; what: "reply", "note", "task"
 *
 * The same Idempotency-Key on the same case makes the same id, so that what was written is not written twice, also
 * when the first try died before the key had its answer. UUID version 8 (RFC 9562); 7 without a key
 */
struct uuid work_new_id(struct api *a, const struct work *w, const char *what);
/* work_writer - the agent who writes, nil for a token without one */
struct uuid work_writer(const struct api *a);
/* work_written - publishes the notices a guarded statement wrote; how many. 0: somebody was first (409) */
int work_written(struct api *a, int statement);
/* work_route_case - the case for the dispatcher. false when something in it is not set up any more */
bool work_route_case(struct server *srv, const struct work *w, struct route_case *c);
/* work_wrapup_seconds - how long the slot of who had it stays in use when it is done */
int work_wrapup_seconds(struct server *srv, const struct work *w);
/* work_waits - it waits (again): tell the dispatcher and the queue. not_again: who just had it, may be nil */
void work_waits(struct server *srv, const struct work *w, struct agent_id not_again);
/* work_as_seen - a note or task in the answer to a write: what a list would show the same caller. The same reference */
json_t *work_as_seen(const struct api *a, json_t *paper);
/* work_norm_s - how long a case may wait where it is, with or without option 0; 0: that is not set up any more */
int work_norm_s(struct server *srv, const struct work *w, bool option0);
/* work_due - the body's "due": a moment, or a date alone, which means until the end of that day (UTC); 0 when absent or
 * bad (named) */
int64_t work_due(struct api *a, bool required);

/* an answer to the citizen that is being made: what it says, and then whom it goes to */
struct work_reply {
	struct contact_id id;
	const char *text;
	const json_t *template_;
	const json_t *menu;            /* NULL: none */
	bool is_public;
	const struct channel_file *files;   /* that go along; content is not needed yet */
	int n_files;
	const char **file_fields;      /* where the request names each */
	/* out, of work_compose */
	const char *to_kind, *to;
	struct uuid answers;           /* the citizen's contact */
	const char *inbox, *channel;   /* it goes out by; NULL: those of the case */
};

/*
 * work_compose - has the inbox's channel make the request as it would be sent now; nothing is sent
 * in       statement: of the unit that came back, with the columns of work_reply_to.sql
 * returns  false when it cannot be sent: *how is what answering the rule, or the bad field attachments, returned
 */
bool work_compose(struct api *a, const char *inbox, int statement, struct work_reply *r, enum op_status *how);
/*
 * work_try_compose - the same for who only wants to know; nothing is answered, fields are not looked for
 * in       arena: what r then points to lives there
 * returns  0, or enum reply_outcome; *limit as in struct channel_send
 */
int work_try_compose(const struct op *op, struct arena *arena, const char *inbox, int statement, struct work_reply *r,
                     int *limit);
/* work_reply_rule - the rule of the contract that an outcome (> 0) is against: "textTooLong" */
const char *work_reply_rule(int outcome);
/* work_team - route number of a team, 0 when there is none of that name */
int work_team(const struct world *world, const char *id);
/* work_answer - 200 {"case": …} as it is now */
enum op_status work_answer(struct api *a, const struct work *w, const char *state, const char *product);
/* work_deleted - 204, or 404 when the statement found nothing to delete */
enum op_status work_deleted(struct api *a, int statement);
/* work_address - the body's "address", as it is kept; both stay NULL when there is none. What is wrong is a bad field */
void work_address(struct api *a, const char **kind, const char **value);
/* work_page - 200 with the first limit rows of a statement that was asked for limit + 1; the cursor is the id
 * of the last one */
enum op_status work_page(struct api *a, int statement, int limit);
/* work_list - all of a route that lists: the statement takes the last id, ?municipality= and how many. looked: the action that
 * is recorded of it (work_audit_scope), with the kind of what is listed; NULL: there is no citizen in it */
enum op_status work_list(struct api *a, enum sql statement, const char *looked, const char *kind);
/* work_audit_scope - record (P10) a look at a list or a search: one line per municipality that it could show.
 * id: what was looked for when that is an id of ours, else NULL; never what somebody typed */
void work_audit_scope(struct api *a, struct pg_unit *u, const char *action, const char *kind, const char *id,
                      const char *municipality);

#endif
