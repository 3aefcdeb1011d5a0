/*
 * contact.h - one thing said, in or out, on one channel, at one moment
 *
 * What a channel makes of bytes, before anybody knows whose it is or which case it
 * belongs to. All pointers live in the arena of the operation that parsed.
 */
#ifndef LOKET_CONTACT_H
#define LOKET_CONTACT_H

#include "lib/base/arena.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	CONTACT_TEXT_BYTES = 64 * 1024,  /* longer text is cut, the raw bytes keep it all */
	CONTACT_MAX_ADDRESSES = 4,
	CONTACT_MAX_ATTACHMENTS = 32,
	CONTACT_MAX_REFERENCES = 16,
	CONTACT_MAX_PER_POST = 1000,     /* Meta: up to 1000 updates in one post */
};

enum contact_kind {
	KIND_TEXT, KIND_MEDIA, KIND_LOCATION, KIND_CONTACTS, KIND_REACTION, KIND_CHOICE, KIND_FORM,
	KIND_CALL, KIND_EDIT, KIND_DELETE, KIND_SYSTEM, KIND_UNSUPPORTED, N_KINDS
};
enum contact_direction { DIRECTION_IN, DIRECTION_OUT };
enum contact_visibility { VISIBILITY_PRIVATE, VISIBILITY_PUBLIC };

/* bits of contact.flags; contact_flag_name gives the word of the contract */
enum contact_flag {
	FLAG_OPTION0 = 1 << 0,       /* asks for human help with doing it digitally */
	FLAG_FORMAL = 1 << 1,        /* a formal message (Wmebv): objection, application, complaint */
	FLAG_BSN_MASKED = 1 << 2,    /* holds a BSN or IBAN: masked for who has no right to it */
	FLAG_SPAM = 1 << 3,
	FLAG_BIDI = 1 << 4,          /* holds bidirectional controls: show with care */
	FLAG_EDITED = 1 << 5,
	FLAG_DELETED = 1 << 6,       /* the sender took it back */
	FLAG_CUT = 1 << 7,           /* text was longer than CONTACT_TEXT_BYTES */
	FLAG_ECHO = 1 << 8,          /* sent from our account, but not by loketd */
	FLAG_FLOOD = 1 << 9,         /* its sender sends more than the budget: stored, and nobody is called for it */
	FLAG_BLOCKED = 1 << 10,      /* its sender is blocked */
	FLAG_AUTOMATIC = 1 << 11,    /* said to the citizen without a person */
	N_FLAGS = 12
};

/* what the citizen asks of us on this channel: to be sent no more, or to be sent messages again */
enum contact_opt { OPT_NONE, OPT_OUT, OPT_IN };

struct contact_address {
	const char *kind;            /* "phone" (E.164), "email", "whatsapp" (BSUID), "form", … */
	const char *value;           /* normalised: what makes two the same */
};

struct contact_attachment {
	const char *id;              /* UUID when stored by us, else the provider's media id */
	const char *kind;            /* image audio video document sticker file */
	const char *media_type;      /* as claimed; may be NULL */
	const char *name;            /* may be NULL */
	const char *sha256;          /* hex, may be NULL */
	const char *state;           /* "pending" (still at the provider), "stored", "refused" */
	const char *provider_ref;    /* what to fetch it with; may be NULL */
	int64_t n_bytes;             /* -1 when unknown */
	struct bytes content;        /* an uploaded file's bytes, to be stored before COMMIT; else empty */
};

struct contact {
	enum contact_kind kind;
	enum contact_direction direction;
	enum contact_visibility visibility;
	const char *provider_id;     /* unique within the inbox; never NULL, never empty */
	const char *platform_id;     /* the channel's own id: one message through two providers has one; may be NULL */
	int64_t provider_time_us;    /* 0 when the provider gave none that is one */
	struct contact_address from[CONTACT_MAX_ADDRESSES]; /* of the citizen, also when direction is out */
	int n_from;                  /* the first is the handle that replies go to */
	const char *name;            /* may be NULL */
	const char *reply_to;        /* provider id of the message this answers, edits, deletes, reacts to */
	/* ids of earlier messages of its thread, the nearest first (reply_to too), as the sender's program gives them */
	const char *references[CONTACT_MAX_REFERENCES];
	int n_references;
	const char *case_reference;  /* the case that the sender names; proves nothing. May be NULL */
	const char *language;        /* ISO 639-1, may be NULL */
	const char *text;            /* NFC, may be NULL */
	const char *product;         /* named by the form; NULL: lib/core/match decides */
	struct contact_attachment *attachments;
	int n_attachments;
	json_t *fields;              /* object or NULL: what has no place of its own. Owned by the arena */
	unsigned flags;              /* enum contact_flag */
	enum contact_opt opt;
};

/* what a provider tells about a message of ours; only moves forward */
enum delivery {
	DELIVERY_NONE, DELIVERY_QUEUED, DELIVERY_SENDING, DELIVERY_UNCERTAIN, DELIVERY_SENT,
	DELIVERY_DELIVERED, DELIVERY_READ, DELIVERY_FAILED, N_DELIVERIES
};

struct delivery_report {
	const char *provider_id;     /* of the message that was sent; NULL: all that went to until_to, until at_us */
	const char *our_id;          /* the contact id we gave along when sending; may be NULL */
	enum delivery status;        /* SENT, DELIVERED, READ or FAILED */
	int64_t at_us;
	json_t *error;               /* object or NULL, only when FAILED */
	struct contact_address until_to;
	struct contact_address opted_out; /* whose stop made it fail; kind NULL: nobody's */
};

/* the words of the contract; NULL-free, indexable by the enum */
const char *contact_kind_name(enum contact_kind k);
const char *delivery_name(enum delivery d);
const char *contact_flag_name(enum contact_flag one_bit);
/* contact_flags_json - array of the words of flags. New reference */
json_t *contact_flags_json(unsigned flags);
/* from the word back; -1 when it is none */
int contact_kind_from(const char *s);
int delivery_from(const char *s);

/*
 * delivery_moves - may a contact in state from go to state to?
 * Only forward: queued < sending < uncertain < sent < delivered < read; failed is final
 * and is not reached from delivered or read.
 */
bool delivery_moves(enum delivery from, enum delivery to);

/* contact_opens_case - does it need somebody to look at it? What the citizen says does; edit, delete,
 * reaction and system do not: they follow the message they are about. Nor does what we sent. */
bool contact_opens_case(const struct contact *c);

/* contact_post - the provider's id of the root post that something public stands under, or is itself (fields "post");
 * NULL for what is private */
const char *contact_post(const struct contact *c);

/* for channels: contact_set_text - NFC, cut and flagged where needed (FLAG_CUT, FLAG_BIDI) */
void contact_set_text(struct arena *a, struct contact *c, const char *text);
/* contact_add_address - unless value is NULL, is there already, or there is no room */
void contact_add_address(struct contact *c, const char *kind, const char *value);
/* contact_address_kept - an address that somebody typed, as it is kept: people type "06 1234 5678", and WhatsApp writes
 * numbers without a plus. kind NULL: any */
const char *contact_address_kept(struct arena *a, const char *kind, const char *value);
/* contact_phone - as E.164 ("+31612345678"), from Dutch notation or international; NULL when it is neither */
const char *contact_phone(struct arena *a, const char *s);

#endif
