/*
 * answers.h - from the fields of a filled-in form to a contact
 *
 * Every municipality names its fields itself. The usual Dutch and English names are known; for others an
 * inbox has settings.mapping: {"name","email","phone","text","product","language": JSON pointer into the
 * body}; one form of an inbox its own: settings.forms: {<form>: {"mapping": {…}}}. What has no place of its own stays in contact.fields.
 */
#ifndef LOKET_ANSWERS_H
#define LOKET_ANSWERS_H

#include "lib/channel/channel.h"
#include "lib/channel/form.h"

/*
 * answers_read - name, addresses, text, product and option 0 of a form
 * in       root: the body; fields: the object with the answers; key: what makes this submission unique
 * out      *c: those members; an e-mail address or number that is none stays a field. With neither, the
 *          first address is the form itself, so that nobody is taken for somebody else
 * bad      may be NULL; an array: {"name","reason"} of every field that is not what it should be is added
 */
void answers_read(struct arena *a, const struct inbox *in, const json_t *root, const json_t *fields,
		  const char *key, struct contact *c, json_t *bad);
/* answers_language - "nl" from "nl", "nl-NL", "nl_NL"; NULL when it is no language */
const char *answers_language(struct arena *a, const char *locale);
/* answers_email - lower case, one "@", a dot within the domain, nothing that would end an address; NULL when s is
 * NULL or none */
const char *answers_email(struct arena *a, const char *s);
/* answers_product - an id of ours ("rijbewijs"); NULL for what is a subject in words */
const char *answers_product(struct arena *a, const json_t *j);
/* answers_kind - of an attachment: image, audio, video, else file; media_type may be NULL */
const char *answers_kind(const char *media_type);
/* answers_yes - true, "true", "1", "ja", "yes", "on" */
bool answers_yes(const json_t *j);
/* answers_bad - add one more bad field to the list; NULL: nobody wants to know */
void answers_bad(json_t *bad, const char *name, const char *reason);
/* answers_attach - hang an uploaded file on the contact (who stores it makes its digest); false when there
 * are FORM_MAX_FILES already */
bool answers_attach(struct arena *a, struct contact *c, const struct form_file *file);
/* answers_body_key - hex digest of salt and body: the id of a submission that brings none */
const char *answers_body_key(struct arena *a, const char *salt, struct bytes body);
/*
 * answers_receipt - 201 and {"reference","secret","receivedAt"}: what a form tells the citizen
 * in       secret: to see what becomes of it; NULL: not for who sent this
 */
const char *answers_receipt(struct arena *a, const char *reference, const char *secret, int64_t received_us,
			    int *status);

#endif
