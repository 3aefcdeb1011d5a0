/*
 * intake_batch.h - a batch of posts on its way into PostgreSQL; used by intake*.c only
 *
 *   intake.c        the waiting list, the operation, what to do when it fails
 *   intake_ask.c    unit 1: what is known of the addresses and messages in the batch. One more unit asks for the cases
 *                   of messages that are stored already, and for the newest cases of parties that have many
 *   intake_place.c  which party and case each contact belongs to; no I/O
 *   intake_write.c  unit 2: everything to write, one statement per table
 *   intake_tell.c   after COMMIT: queue, dispatcher, event streams
 *   intake_files.c  uploaded files, before all that
 */
#ifndef LOKET_INTAKE_BATCH_H
#define LOKET_INTAKE_BATCH_H

#include "daemon/barrier.h"
#include "daemon/intake.h"
#include "daemon/pg.h"
#include "lib/base/map.h"
#include "lib/core/notice.h"

enum {
	BATCH_MAX_CONTACTS = 2 * CONTACT_MAX_PER_POST, /* contacts and reports; a post has at most half of it */
	BATCH_MAX_RAW_BYTES = 8 * 1024 * 1024,         /* of all but the first post */
	BATCH_PARTY_CASES = 16,                        /* the newest that a contact may join */
	BATCH_THREADS = 4,
};

struct batch_case {
	struct case_id id;
	char id_text[UUID_TEXT];
	char reference[INTAKE_REFERENCE];
	const char *municipality, *inbox, *channel, *product, *language;
	const char *post;            /* root post it stands under; NULL: private */
	struct party_id party;
	enum case_state state;       /* with this batch taken into account */
	enum case_outcome outcome;
	int64_t closed_us, last_contact_us, arrived_us, due_us;
	struct agent_id owner;
	int64_t epoch;
	unsigned flags;
	bool option0;
	bool is_new;
	/* when it was there already: what the batch does to it */
	bool touched, wake, reopened, now_option0;
	bool back;                   /* it waited for the moment of its call-back, and need not any more */
	enum case_state wakes_to;    /* what it becomes when it is closed by now */
};

struct batch_party {
	struct party_id id;
	bool is_new;
	const char *municipality, *name, *language;
	struct batch_case *cases[BATCH_PARTY_CASES];
	int n_cases;
	int64_t n_cases_before;      /* in the database, when we looked */
	bool gets_case;              /* a new one, in this batch */
};

struct batch_address {
	const char *municipality, *kind, *value;
	struct batch_party *party;   /* NULL: nobody's so far */
	int n_cases;                 /* of the party, as this address was told: not all of many */
	bool is_new;
	bool proved;                 /* who gave it to the party vouched for it */
};

/* a message of a provider that a contact of the batch is, or is about; or of a channel, with the id it gave itself */
struct batch_message {
	const char *inbox, *provider_id;       /* of a channel: NULL, and the two below */
	const char *municipality, *channel, *platform_id;
	bool stored;                 /* in the database, or earlier in this batch */
	struct contact_id contact;
	struct party_id party;
	const char *case_text;       /* when stored in the database: the id of its case; NULL: without one */
	struct batch_case *where;    /* NULL: without a case */
	bool is_public;              /* when stored */
};

struct batch_item {
	struct batch_post *post;
	struct contact *c;
	struct intake_placed *placed;
	struct batch_message *self, *about;
	struct batch_message *twin;  /* self as the channel knows it; NULL: only one provider carries the channel */
	struct batch_address *from[CONTACT_MAX_ADDRESSES];
	struct batch_thread {        /* cases that its references lead to, the nearest first */
		struct batch_case *where;
		bool proves;         /* it names a message of ours, whose id nobody guesses */
	} threads[BATCH_THREADS];
	int n_threads;
	struct batch_party *party;   /* NULL: gave no address */
	struct batch_case *where;    /* NULL: needs no case */
	struct contact_id id;
	const char *bot_inbox;       /* a bot said this in its case; NULL: nobody looks whether it is stuck */
	/* keys of a menu that it chose; both NULL: none. keys: from the first menu on, "": that is to be said; key: of the
	 * one said last */
	const char *keys, *key;
	bool answered;        /* by what is said of its product: it is done digitally */
	const char *promised; /* help by a person, "aloud" or "quiet"; NULL: not, or they are asked first */
};

struct batch_post {
	struct intake_post *p;
	struct uuid raw;
	bool writes_raw;
	int n_counted;               /* "received" of the ledger */
	int n_new;                   /* contacts and dead letters to write */
	const uint8_t *digest;       /* of a post with dead letters; NULL: none, or they are tried again */
	bool letters_known;          /* the same bytes came before, and their dead letters are here */
	struct batch_case *into;     /* the case that is named for all of it; NULL: none */
};

struct batch_dead_letter {
	struct batch_post *post;
	const char *why;
	struct uuid id;
};

/* somebody asks to be sent no more, or messages again */
struct batch_opt {
	const struct world_inbox *inbox;
	const struct contact_address *address;
	bool out;
};

/* what a provider said about one message of ours, folded over the batch */
struct batch_delivery {
	const struct world_inbox *inbox;
	const struct delivery_report *last;
	enum delivery status;
};

struct batch_notice {
	enum notice_kind kind;
	const struct batch_case *about;
	char *payload;
};

struct batch {
	struct op op;
	struct batch_post *posts;
	int n_posts;
	bool plain;                  /* each post is about nothing but its sender */
	enum pg_connection way;
	int session;                 /* of way: what is asked and what is written go by the same */
	struct barrier_ticket ticket;
	bool sent;                   /* all that it will say to PostgreSQL */
	struct batch_item *items;
	int n_items;
	struct batch_message **messages;
	int n_messages;
	struct batch_message **twins;
	int n_twins;
	struct batch_address **addresses;
	int n_addresses;
	struct map *by_message, *by_address, *by_party, *by_case;
	int q_addresses, q_twins, q_into, q_letters, q_threads; /* place in unit 1; -1: not in it */
	struct batch_party **many;   /* have more cases than unit 1 told */
	int n_many;
	bool asked_cases;

	/* to write; each list has room for all it can hold */
	struct batch_party **parties, **openers;     /* new ones; known ones who get a new case */
	struct batch_case **cases, **touched;
	struct batch_item **contacts, **changes;     /* changes: edits and deletes, of what is private */
	struct batch_item **platforms;               /* those with a twin */
	struct batch_item **proofs;                  /* those whose addresses, all vouched for, belong to two parties */
	struct batch_item **webcare, **public;       /* what waits for the webcare team; all that was said in public */
	struct batch_item **asked, **answers;        /* who want help by a person, or get a menu, or choose in one; who
	                                              * say how they want help (lib/core/texts) */
	struct batch_item *
		*helps; /* those that ask for option 0; n_zeros: cases that were here and become it */
	struct batch_dead_letter *dead_letters;
	struct batch_opt *opts;
	struct batch_delivery **deliveries;
	struct batch_notice *notices;
	int n_parties, n_openers, n_cases, n_touched, n_contacts, n_changes, n_platforms, n_proofs, n_spam,
		n_webcare, n_public, n_asked, n_answers, n_helps, n_zeros, n_dead_letters, n_opts,
		n_deliveries, n_notices;
	int n_calls, n_reports, n_untils, n_raws, n_new_addresses, n_retries, n_attachments;
	int64_t now_us;
	int q_touched, q_helps, q_delivered, q_until, q_notices; /* place in unit 2; -1: not in it */
};

/* intake_ask.c */
void batch_collect(struct batch *b);                   /* items, and what to ask about them */
struct pg_unit *batch_unit(struct batch *b);           /* by its session */
struct pg_unit *batch_ask(struct batch *b);            /* NULL: nothing to ask */
void batch_learn(struct batch *b);                     /* reads op->pg */
struct pg_unit *batch_ask_more(struct batch *b);       /* NULL: nothing more to ask */
void batch_learn_more(struct batch *b);                /* reads op->pg */
struct bytes batch_digest(const struct batch_post *p); /* NULL data: none */
bool batch_has_address(const struct batch *b, const char *municipality, const struct contact_address *a);

/* intake_place.c */
void batch_place(struct batch *b);

/* intake_write.c */
struct pg_unit *batch_write(struct batch *b);          /* NULL: nothing to write */

/* intake_tell.c */
void batch_make_notices(struct batch *b);              /* before writing */
void batch_tell(struct batch *b);                      /* after COMMIT; reads op->pg */

/* intake_files.c - give attachments their ids, keep the uploaded files of a post; < 0 when the disk would not */
int intake_files(struct server *srv, struct arena *a, struct channel_batch *batch, struct err *err);

#endif
