/*
 * automatic.h - what is said to a citizen without a person: a choice menu, a promised time, how they like to
 * be helped
 *
 * Whoever has a reason writes a row of loket.automatic in the transaction of that reason, and wakes this
 * after COMMIT; the sweep finds what was forgotten. From a row to a contact with its way out is one guarded
 * statement (sql/automatic_say.sql), so two instances or a restart say it once; then the outbox sends it as
 * any reply. A payload is {"text": …}; of kind "preference" without one the text is lib/core/texts, of kind
 * "answer" that of the product's handling (lib/core/handling). Of a menu it is {"keys": "21", "contact"}:
 * what they chose, "" at first, and in which message. One that leads to no menu says nothing.
 */
#ifndef LOKET_AUTOMATIC_H
#define LOKET_AUTOMATIC_H

struct server;
struct automatic;

struct automatic *automatic_new(struct server *srv);
struct automatic *automatic_free(struct automatic *a);
/* automatic_wake - something was committed: say it */
void automatic_wake(struct automatic *a);

#endif
