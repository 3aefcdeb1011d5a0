/*
 * sending.h - what the channels share when a reply becomes a request
 */
#ifndef LOKET_SENDING_H
#define LOKET_SENDING_H

#include "lib/channel/channel.h"

/* sending_fits - 0, or REPLY_TOO_LONG with out->limit. Characters are code points; NULL text fits nowhere */
int sending_fits(struct channel_send *out, const char *text, int limit);
/*
 * sending_compose - a reply as the channel would send it now: its compose, after looking at what goes along
 * returns  0 or enum reply_outcome; out->limit as channel.h says
 */
int sending_compose(struct arena *a, const struct channel_ops *ops, const struct inbox *in, const struct channel_reply *rep,
		    struct channel_send *out);
/* sending_is_token - may it stand in a header or a path? Printable, no blanks, not empty */
bool sending_is_token(const char *s);
/* sending_base - settings.base_url, else otherwise: where the provider's API is */
const char *sending_base(const struct inbox *in, const char *otherwise);
/* sending_header - "name: value" on its way; value is a token or quoted already. At most 7 of them */
void sending_header(struct arena *a, struct channel_send *out, const char *name, const char *value);
/* sending_json - body as the request's, with its Content-Type. body is taken over: the caller drops nothing
 */
void sending_json(struct arena *a, struct channel_send *out, json_t *body);

struct sending_field {
	const char *name, *value;
};
/*
 * sending_form - a form with a file as the request's body (multipart/form-data), with its Content-Type
 * in       fields: a NULL name ends them; one without a value is left out. file: its content may be absent; field: its name in
 *          the form. The boundary is made of the file's id, which who made the file could not know
 */
void sending_form(struct arena *a, struct channel_send *out, const struct sending_field *fields, const char *field,
		  const struct channel_file *file);
/*
 * sending_outcome - of a status, where the body says nothing more
 * 2xx SENT_OK; 429 and 503 SENT_RETRY: turned away at the door; other 3xx and 4xx SENT_FAILED; no answer and
 * 5xx SENT_UNCERTAIN: it may have been taken. *error in the arena, NULL with SENT_OK
 */
enum sent_outcome sending_outcome(struct arena *a, int status, const char **error);
/* sending_answer - what became of it, by an answer in JSON with the id of the message at a pointer (RFC 6901)
 * returns  SENT_OK with the id; 2xx without one is SENT_UNCERTAIN: taken under a name we were not told; else as
 *          sending_outcome. *root: the answer, NULL when it is no JSON */
enum sent_outcome sending_answer(struct arena *a, int status, struct bytes body, const char *pointer,
				 const char **provider_id, const char **error, json_t **root);

#endif
