/*
 * receipts.h - who sends a formal message electronically is told that it came: when, its reference, and a copy
 *
 * Intake knows nothing of it, so it is never slower or refused: the sweep of the instance that leads looks for formal messages without a
 * receipt (receipt_next.sql), a week back, and sends each by the outbox. What was received, confirmed and delivered is kept in
 * loket.proof, to which rows are only added. Ordinary questions get none.
 */
#ifndef LOKET_RECEIPTS_H
#define LOKET_RECEIPTS_H

struct server;

/* RECEIPTS_AT_ONCE: in one sweep; more wait for the next. RECEIPTS_COPY_BYTES: of a message in its receipt */
enum { RECEIPTS_AT_ONCE = 20, RECEIPTS_COPY_BYTES = 16000 };

struct receipts;
struct receipts *receipts_new(struct server *srv);
struct receipts *receipts_free(struct receipts *r);
void receipts_sweep(struct receipts *r);

#endif
