/* metrics_table.h - every metric, one line: X(enum, type, "name", "label set", "help") */
#ifndef LOKET_METRICS_TABLE_H
#define LOKET_METRICS_TABLE_H

/* a limit of daemon/README.md that was reached: one family, a label for each */
#define REFUSED(X, limit, label) \
	X(M_REFUSED_##limit, COUNTER, "loket_refused_total", "limit=\"" label "\"", "refused or cut off at a limit")

#define METRICS(X) \
	X(M_CONTACTS_STORED, COUNTER, "loket_contacts_stored_total", "", "contacts committed") \
	X(M_CONTACTS_DUPLICATE, COUNTER, "loket_contacts_duplicate_total", "", "deliveries of a contact already stored") \
	X(M_DEAD_LETTERS, COUNTER, "loket_dead_letters_total", "", "signed bodies that could not be read") \
	X(M_IGNORED, COUNTER, "loket_ignored_total", "", "parts of posts that need nothing (pings, other people's reports)") \
	X(M_HOOKS_REFUSED, COUNTER, "loket_hooks_refused_total", "", "posts with a bad signature") \
	X(M_FLOOD_REFUSED, COUNTER, "loket_flood_refused_total", "", "posts over a budget that have to come again later") \
	X(M_FLOOD_SLOWED, COUNTER, "loket_flood_slowed_total", "", "signed posts over a budget that waited before they were stored") \
	X(M_FLOOD_QUIETED, COUNTER, "loket_flood_quieted_total", "", "contacts of senders over their budget: stored, nobody called") \
	X(M_SPAM, COUNTER, "loket_spam_total", "", "contacts stored as spam: the form's trap, rules, blocked senders") \
	X(M_BATCHES, COUNTER, "loket_intake_batches_total", "", "intake transactions") \
	X(M_BATCH_RETRIES, COUNTER, "loket_intake_batch_retries_total", "", "intake batches sent again post by post") \
	X(M_INTAKE_US, HISTOGRAM, "loket_intake_seconds", "", "from complete request to answer") \
	X(M_NO_WAY_OUT, GAUGE, "loket_inboxes_without_option0", "", "inboxes whose menu, bot or form misses option 0 (menus are not used then)") \
	X(M_OFFERS, COUNTER, "loket_offers_total", "", "offers made") \
	X(M_OFFERS_ACCEPTED, COUNTER, "loket_offers_accepted_total", "", "offers accepted") \
	X(M_OFFERS_MISSED, COUNTER, "loket_offers_missed_total", "", "offers nobody answered in time") \
	X(M_WAIT_US, HISTOGRAM, "loket_wait_seconds", "", "from arrival to acceptance") \
	X(M_WAITING, GAUGE, "loket_waiting", "", "cases waiting, as the dispatcher knows them") \
	X(M_LEADER, GAUGE, "loket_dispatching", "", "1 when this instance dispatches") \
	X(M_REPLIES_SENT, COUNTER, "loket_replies_sent_total", "", "replies the provider took") \
	X(M_REPLIES_FAILED, COUNTER, "loket_replies_failed_total", "", "replies that failed for good") \
	X(M_REPLIES_UNCERTAIN, COUNTER, "loket_replies_uncertain_total", "", "replies with unknown outcome") \
	X(M_EVENTS_SENT, COUNTER, "loket_events_sent_total", "", "events that a receiver took") \
	X(M_EVENTS_FAILED, COUNTER, "loket_events_failed_total", "", "tries to tell of an event that failed") \
	X(M_EVENTS_WAITING, GAUGE, "loket_events_waiting", "", "events on their way to receivers") \
	X(M_EVENTS_DEAD, GAUGE, "loket_events_dead", "", "events that no receiver took: tried to the end") \
	X(M_POLLS_FAILED, COUNTER, "loket_polls_failed_total", "", "questions to a provider that were not answered as they should") \
	X(M_ATTACHMENTS_STORED, COUNTER, "loket_attachments_stored_total", "", "attachments that agents may open") \
	X(M_ATTACHMENTS_REFUSED, COUNTER, "loket_attachments_refused_total", "", "attachments kept in quarantine: kind, or the virus scanner") \
	X(M_ATTACHMENTS_FAILED, COUNTER, "loket_attachments_failed_total", "", "attachments that could not be had") \
	X(M_TASKS_OPEN, GAUGE, "loket_tasks_open", "", "promises that are open (the instance that dispatches, four times a minute)") \
	X(M_TASKS_LATE, GAUGE, "loket_tasks_late", "", "promises that are late, by what was promised or by law") \
	X(M_SWEPT, COUNTER, "loket_swept_total", "", "things the sweep found forgotten") \
	X(M_HTTP_REQUESTS, COUNTER, "loket_http_requests_total", "", "requests answered") \
	X(M_HTTP_REFUSED, COUNTER, "loket_http_refused_total", "", "requests refused by the parser or a limit") \
	REFUSED(X, CONNECTIONS, "connections") \
	REFUSED(X, ADDRESS, "address") \
	REFUSED(X, DESCRIPTORS, "descriptors") \
	REFUSED(X, HEAD, "head") \
	REFUSED(X, SLOW, "slow") \
	REFUSED(X, BODY, "body") \
	REFUSED(X, BODIES, "bodies") \
	REFUSED(X, ANSWER, "answer") \
	REFUSED(X, READER, "reader") \
	REFUSED(X, STREAMS, "streams") \
	REFUSED(X, INTAKE, "intake") \
	REFUSED(X, PG, "pg") \
	REFUSED(X, FETCH, "fetch") \
	X(M_HTTP_CONNECTIONS, GAUGE, "loket_http_connections", "", "open connections") \
	X(M_STREAMS, GAUGE, "loket_event_streams", "", "open event streams") \
	X(M_STREAMS_CUT, COUNTER, "loket_event_streams_cut_total", "", "slow readers cut off") \
	X(M_PG_UNITS, COUNTER, "loket_pg_units_total", "", "transactions sent") \
	X(M_PG_LOST, COUNTER, "loket_pg_connections_lost_total", "", "PostgreSQL connections lost") \
	X(M_FLUSH_US, GAUGE, "loket_pg_flush_microseconds", "", "until a commit is durable, for the quickest quarter of the last few") \
	X(M_BARRIERS, COUNTER, "loket_pg_barriers_total", "", "commits that made those of others durable") \
	X(M_PG_UP, GAUGE, "loket_pg_up", "", "PostgreSQL connections ready") \
	X(M_REDIS_UP, GAUGE, "loket_redis_up", "", "1 when Redis answers") \
	X(M_REDIS_DROPPED, COUNTER, "loket_redis_dropped_total", "", "commands refused, lost or timed out") \
	X(M_QUEUE_REBUILDS, COUNTER, "loket_queue_rebuilds_total", "", "times the Redis queue was rebuilt") \
	X(M_LOOP_LAG_US, HISTOGRAM, "loket_loop_turn_seconds", "", "length of slow turns of the event loop") \
	X(M_OPS, GAUGE, "loket_operations", "", "operations alive") \
	X(M_LOG_DROPPED, COUNTER, "loket_log_dropped_total", "", "log lines dropped") \
	X(M_FETCH_REFUSED, COUNTER, "loket_fetch_refused_total", "", "outgoing requests refused by the SSRF guard")

enum metric {
#define X(id, type, name, labels, help) id,
	METRICS(X)
#undef X
	N_METRICS
};

#endif
