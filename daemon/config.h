/*
 * config.h - the configuration file (libconfuse); config/loketd.conf shows every option at its default
 *
 * What municipalities differ in (inboxes, products, norms, texts) lives in PostgreSQL, not here.
 */
#ifndef LOKET_CONFIG_H
#define LOKET_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { CONFIG_MAX_LISTEN = 8, CONFIG_MAX_ALLOW = 32 };

struct config {
	const char *listen[CONFIG_MAX_LISTEN + 1];      /* NULL-terminated */
	const char *database;          /* libpq conninfo without user and password */
	const char *database_owner, *database_system, *database_api;   /* roles to log in as */
	const char *redis;             /* "unix:/path", "host:port" or "" */
	const char *state_dir;         /* files/, quarantine/, spool/ */
	const char *fetch_allow[CONFIG_MAX_ALLOW + 1];  /* "host:port" the SSRF guard lets through */
	const char *log_level;
	const char *public_url;        /* as the outside sees us; for URLs that we hand out */
	bool migrate;                  /* bring the schema up to date at start */
	int max_connections, max_per_address, max_header_bytes, max_headers, header_ms, body_ms, answer_ms, idle_ms;
	int64_t max_body_bytes, max_unsigned_body_bytes, max_upload_bytes;
	int max_streams;
	int batch_max;                 /* posts in one intake transaction */
	const char *commit_barrier;    /* "auto", "on" or "off" (barrier.h) */
	int offer_seconds, presence_seconds, sweep_seconds;
	int outbox_attempts, outbox_parallel;
	const char *event_source;      /* of CloudEvents */
	int claim_seconds;             /* of a post, by the webcare team */
	int call_return_minutes, call_silent_minutes;
	const char *fetcher;           /* "unix:/path", a program, or "": attachments are not fetched */
	const char *clamd_socket;      /* path, or "": attachments are not scanned */
	int64_t attachment_max_bytes;
	int attachment_seconds, attachment_parallel, attachment_attempts;
	int form_posts_per_minute;     /* unsigned forms, per peer address */
	int sender_contacts_per_minute, inbox_contacts_per_second, municipality_contacts_per_second;
	int raw_keep_days, notice_keep_days;
	/* not from the file: $CREDENTIALS_DIRECTORY/database_password (systemd), or NULL. Never printed */
	const char *database_password;
};

/* config_load - all mistakes at once, "file:line: what", on out; 0 or -1. path NULL: defaults only */
int config_load(struct config *c, const char *path, FILE *out);
/* config_print - as a file that config_load reads; there are no secrets in it */
void config_print(const struct config *c, FILE *out);
void config_done(struct config *c);

#endif
