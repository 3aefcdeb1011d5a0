/*
 * case_read.h - cases with all that hangs on them, for who looks at them
 *
 * A look is recorded in the transaction that reads (P10), so it costs a commit. Looks that come while others are under
 * way wait for each other: one unit reads all of them, with a statement for each kind of thing, records them and commits.
 * They have the same municipalities in scope; what differs (whose token, whether BSNs are shown) is told apart here.
 */
#ifndef LOKET_CASE_READ_H
#define LOKET_CASE_READ_H

#include "daemon/api.h"

enum {
	CASE_READ_MAX = 32,              /* cases in a unit: what one may take does not keep the others waiting for long */
	CASE_READ_UNDER_WAY = 2,         /* units; more would make them small */
	CASE_CONTACTS_MAX = 200,
};

struct case_reads *case_reads_new(struct server *srv);
struct case_reads *case_reads_free(struct case_reads *all);

/*
 * case_read - read a case for the token of a, and record that; the step continues in next_state
 * in       before: only contacts that arrived before this one; nil: the newest
 * limits   one read for an operation at a time: it keeps it in a->work
 */
enum op_status case_read(struct api *a, int next_state, struct uuid id, struct uuid before);
/*
 * case_read_end - what came of it
 * out      the case of the contract, new reference; NULL when there is none for this token
 * returns  false: it failed, for api_failed
 */
bool case_read_end(struct api *a, json_t **out);

#endif
