/* twilio.h - what the parts of the Twilio provider know of each other: posts, replies, calls */
#ifndef LOKET_TWILIO_H
#define LOKET_TWILIO_H

#include "lib/channel/channel.h"
#include "lib/channel/form.h"

enum { TWILIO_STOPPED = 21610 }; /* the citizen told Twilio to send no more */

/* twilio_meaning - our words for a code of Twilio's. Theirs may name the citizen */
const char *twilio_meaning(long code);

/* twilio_call - out from a post about a call (f has its fields); 0 or CHANNEL_UNREADABLE */
int twilio_call(struct arena *a, const struct inbox *in, const struct channel_request *r, const struct form *f,
		struct channel_batch *out);

/* as in struct channel_ops */
const char *twilio_call_next(struct arena *a, const struct inbox *in, const struct channel_request *r,
			     const char *next);
int twilio_compose(struct arena *a, const struct inbox *in, const struct channel_reply *rep,
		   struct channel_send *out);
enum sent_outcome twilio_sent(struct arena *a, int status, struct bytes body, const char **provider_id,
			      const char **error);
int twilio_media(struct arena *a, const struct inbox *in, const char *provider_ref, struct bytes answer,
		 struct channel_media *out);

#endif
