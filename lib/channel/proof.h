/*
 * proof.h - is a post from whom it says? Over the raw bytes, before anything is parsed.
 *
 * During a rotation every secret of the inbox is tried. A header that stands there twice counts as absent.
 */
#ifndef LOKET_PROOF_H
#define LOKET_PROOF_H

#include "lib/channel/channel.h"

enum { PROOF_MAX_AGE_S = 300 };      /* of the time within X-Loket-Signature, either way */

/* proof_hub_signature - "X-Hub-Signature-256: sha256=<64 hex digits>", as Meta sends. 0 or CHANNEL_REFUSED
 * source   developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026-11-21 */
int proof_hub_signature(const struct inbox *in, const struct channel_request *r);
/* proof_hub_challenge - Meta's subscription handshake (hub.mode, hub.verify_token, hub.challenge) */
int proof_hub_challenge(struct arena *a, const struct inbox *in, const struct channel_request *r,
                        const char **answer);
/* proof_own - X-Loket-Signature (t=<unix>,v1=<hex over "<t>.<body>">), X-Hub-Signature-256, or
 * Authorization: Bearer <secret>. 0 or CHANNEL_REFUSED */
int proof_own(const struct inbox *in, const struct channel_request *r);
/* proof_stamped - header "sha256=<hex over "<stamp>.<body>">", the stamp (seconds) in a header of its own, not older than
 * PROOF_MAX_AGE_S. 0 or CHANNEL_REFUSED
 * source   developers.chatwoot.com: X-Chatwoot-Signature and X-Chatwoot-Timestamp, as its users check them, read 2026-11-22 */
int proof_stamped(const struct inbox *in, const struct channel_request *r, const char *header, const char *stamp_header);
/* proof_basic - Authorization: Basic, whose password, or "user:password", is a secret of ours. 0 or CHANNEL_REFUSED */
int proof_basic(const struct inbox *in, const struct channel_request *r);
/* proof_is_recent - unix seconds, at most PROOF_MAX_AGE_S from now either way; false for NULL */
bool proof_is_recent(const struct channel_request *r, const char *stamp);
/* proof_absent - does the request bring no proof at all, not even a wrong one? */
bool proof_absent(const struct channel_request *r);


enum { PROOF_MAX_URLS = 6 };

/* proof_urls - the ways a provider may write the URL that it called and signs: with and without the port that goes
 * without saying, and the same under settings.public_url when the inbox has one (another name than the daemon's).
 * returns  how many there are in out */
int proof_urls(struct arena *a, const struct inbox *in, const char *url, const char *out[PROOF_MAX_URLS]);

#endif
