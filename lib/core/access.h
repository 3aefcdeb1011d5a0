/*
 * access.h - who may do what; the one place where it is decided
 *
 * PostgreSQL's row level security checks the municipality again, for every row.
 */
#ifndef LOKET_ACCESS_H
#define LOKET_ACCESS_H

#include "lib/base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum role { ROLE_AGENT, ROLE_COACH, ROLE_WEBCARE, ROLE_LEAD, ROLE_INTEGRATION, ROLE_ADMIN, N_ROLES };

enum { ACCESS_MAX_MUNICIPALITIES = 64 };

/* a token, as found in the database. Read-only once made; whoever caches it owns it */
struct principal {
	char token_id[UUID_TEXT];
	enum role role;
	bool is_agent;                      /* agent_id is set: may have presence, offers, cases */
	struct agent_id agent_id;
	int64_t expires_us;                 /* 0: never */
	bool sees_bsn;                      /* may see a BSN or IBAN that is masked for others */
	bool sees_raw;                      /* may see raw bytes */
	int n_municipalities;
	const char *municipalities[ACCESS_MAX_MUNICIPALITIES];
};

/* what a route needs: a bit per role */
#define ROLE_BIT(r) (1u << (r))

/* access_role - may this role use a route that is open to roles (bits)? */
bool access_role(const struct principal *p, unsigned roles);
/* access_municipality - has p rights on this municipality? */
bool access_municipality(const struct principal *p, const char *municipality);
/* access_case_write - may p change a case owned by owner (nil: nobody)? Its owner; a lead or admin */
bool access_case_write(const struct principal *p, struct agent_id owner);
/* access_post_release - may p take a post from who claimed it, by? Its own; a lead anybody's */
bool access_post_release(const struct principal *p, struct agent_id by);
/* access_sees - may p see what guard masks (BSN, IBAN)? */
bool access_sees_bsn(const struct principal *p);

const char *role_name(enum role r);
int role_from(const char *s);

#endif
