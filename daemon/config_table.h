/*
 * config_table.h - every option, one line: X(section, name, kind, least, most, default, help)
 *
 * section  "" at the top of the file, else the name of the { } block
 * kind     TEXT (length least..most), LIST (number of strings), NUMBER or SWITCH
 * From this table come the parser, the ranges, --print-config and config/loketd.conf.
 */
#ifndef LOKET_CONFIG_TABLE_H
#define LOKET_CONFIG_TABLE_H

#define CONFIG_OPTIONS(X) \
	X("", listen, LIST, 1, CONFIG_MAX_LISTEN, "{\"127.0.0.1:8080\"}", \
	  "where to listen: loopback \"127.0.0.1:8080\", \"[::1]:8080\", \"unix:/run/loketd/http.sock\", \"fd:3\"") \
	X("", public_url, TEXT, 8, 200, "http://127.0.0.1:8080", "how the outside reaches us, through the proxy") \
	X("", database, TEXT, 1, 1000, "host=/run/postgresql dbname=loket", \
	  "libpq conninfo without user and password (password: systemd credential database_password); several hosts: " \
	  "whichever takes writes, tried in turn") \
	X("", database_owner, TEXT, 1, 63, "loket_owner", "role that owns the schema: migrations only") \
	X("", database_system, TEXT, 1, 63, "loket_system", "role for the daemon's own work") \
	X("", database_api, TEXT, 1, 63, "loket_api", "role for what a token asks: row level security applies") \
	X("", migrate, SWITCH, 0, 1, "true", "bring the schema up to date at start; false: refuse to start when it is not") \
	X("", redis, TEXT, 0, 500, "unix:/run/redis/redis-server.sock", \
	  "\"unix:/path\", \"host:port\", \"sentinel:NAME@host:port,host:port\" (who is master NAME?), or \"\" to work without") \
	X("", state_dir, TEXT, 1, 200, "/var/lib/loketd", "spool of bodies under way, files, quarantine") \
	X("", fetch_allow, LIST, 0, CONFIG_MAX_ALLOW, "{}", \
	  "\"host:port\" inside our own network that replies may be sent to and attachments be fetched from; everything " \
	  "else there is refused") \
	X("", log_level, TEXT, 1, 10, "info", "error, warning, notice, info or debug; SIGHUP reads it again") \
	X("http", max_connections, NUMBER, 1, 100000, "10000", "open connections in all") \
	X("http", max_per_address, NUMBER, 0, 100000, "256", "per address; 0: no limit") \
	X("http", max_header_bytes, NUMBER, 1024, 65536, "16384", "request line and headers together") \
	X("http", max_headers, NUMBER, 8, 500, "64", "number of headers") \
	X("http", header_ms, NUMBER, 100, 120000, "10000", "from the first byte to the end of the headers, in total") \
	X("http", body_ms, NUMBER, 100, 3600000, "30000", "for a whole body (uploads: ten times this)") \
	X("http", answer_ms, NUMBER, 100, 600000, "20000", "for the work of one request; then 503") \
	X("http", idle_ms, NUMBER, 100, 3600000, "60000", "between two requests of a connection") \
	X("http", max_body_bytes, NUMBER, 1024, 8388608, "4194304", "a signed webhook or an API call") \
	X("http", max_unsigned_body_bytes, NUMBER, 1024, 1048576, "65536", "a web form without a signature") \
	X("http", max_upload_bytes, NUMBER, 1024, 50331648, "26214400", "a web form with files") \
	X("http", max_streams, NUMBER, 1, 100000, "5000", "open event streams") \
	X("intake", batch_max, NUMBER, 1, 1024, "128", "posts in one transaction") \
	X("intake", commit_barrier, TEXT, 2, 4, "auto", \
	  "on: batches share a flush of PostgreSQL's log; off: each waits for its own; auto: where flushing is slow") \
	X("intake", form_posts_per_minute, NUMBER, 1, 100000, "30", "unsigned forms, per address of a citizen") \
	X("intake", sender_contacts_per_minute, NUMBER, 1, 1000000, "30", \
	  "of one sender; what is more is stored and flagged \"flood\", and nobody is called for it") \
	X("intake", inbox_contacts_per_second, NUMBER, 1, 1000000, "1000", \
	  "of one inbox, on average over 10 s; signed posts over it are slowed, unsigned ones refused") \
	X("intake", municipality_contacts_per_second, NUMBER, 1, 1000000, "2000", "of all inboxes of one municipality, likewise") \
	X("dispatch", offer_seconds, NUMBER, 2, 3600, "30", "how long an agent has to accept") \
	X("dispatch", presence_seconds, NUMBER, 5, 3600, "30", "no stream and no call for so long: the agent is offline") \
	X("dispatch", sweep_seconds, NUMBER, 1, 3600, "5", "how often is looked for what was forgotten") \
	X("outbox", outbox_attempts, NUMBER, 1, 100, "8", "how often a reply is tried before it has failed") \
	X("outbox", outbox_parallel, NUMBER, 1, 256, "16", "replies under way at once") \
	X("events", event_source, TEXT, 5, 200, "urn:nld:oin:00000000000000000000:systeem:loketd", \
	  "who tells of events (CloudEvents source): put the OIN of the organisation in it, and change it never") \
	X("webcare", claim_seconds, NUMBER, 10, 86400, "900", "a post that was only claimed waits again after so long") \
	X("calls", call_return_minutes, NUMBER, 0, 1440, "10", "who hung up and calls again within this time keeps the place") \
	X("calls", call_silent_minutes, NUMBER, 1, 10080, "240", "a call of which nothing is heard for so long has ended") \
	X("attachments", fetcher, TEXT, 0, 200, "unix:/run/loketd/fetch.sock", \
	  "who fetches and looks at them: \"unix:/path\" (loketd-fetch.socket), a program's path, or \"\": nobody") \
	X("attachments", clamd_socket, TEXT, 0, 100, "", \
	  "clamd's socket (Debian: /run/clamav/clamd.ctl); \"\": they are not scanned for viruses") \
	X("attachments", attachment_max_bytes, NUMBER, 1024, 1073741824, "26214400", "one attachment; clamd has a StreamMaxLength too") \
	X("attachments", attachment_seconds, NUMBER, 1, 600, "60", "to fetch one, in total") \
	X("attachments", attachment_parallel, NUMBER, 1, 32, "4", "under way at once") \
	X("attachments", attachment_attempts, NUMBER, 1, 100, "6", "how often is tried before it has failed") \
	X("keep", raw_keep_days, NUMBER, 1, 3650, "30", "raw bodies as providers sent them") \
	X("keep", notice_keep_days, NUMBER, 1, 3650, "30", "notices; streams resume from them")

/* config_text_wrong - what is wrong with s as the value of option name, a constant; NULL when nothing is */
const char *config_text_wrong(const char *name, const char *s);

#endif
