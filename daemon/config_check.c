/* config_check.c - what a text in the configuration must be */
#include "daemon/config_table.h"
#include "daemon/log.h"
#include "daemon/pg_hosts.h"
#include "daemon/stream_sentinel.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_address(const char *s)   /* host:port */
{
	const char *colon = strrchr(s, ':');
	char *end;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;

	return colon && colon > s && port > 0 && port < 65536 && !*end && colon[1] != '+' && !strpbrk(s, " /\t");
}

static bool is_sentinels(const char *s)  /* sentinel:NAME@host:port,host:port */
{
	size_t len = strcspn(s, "@");
	char one[SENTINEL_TEXT];
	int n = 0;

	if (len == 9 || len - 9 >= SENTINEL_NAME || s[len] != '@')
		return false;
	for (s += len; *s; s += len, n++) {
		len = strcspn(++s, ",");
		if (len >= sizeof one)
			return false;
		snprintf(one, sizeof one, "%.*s", (int)len, s);
		if (!is_address(one))
			return false;
	}
	return n > 0 && n <= SENTINEL_MAX;
}

static bool is_redis(const char *s)
{
	return strncmp(s, "sentinel:", 9) ? is_address(s) : is_sentinels(s);
}

static bool is_listen(const char *s)
{
	if (!strncmp(s, "unix:/", 6))
		return strlen(s + 5) < 108;     /* sun_path */
	if (!strncmp(s, "fd:", 3))
		return s[3] >= '3' && s[3] <= '9' && !s[4];
	return is_address(s) && (!strncmp(s, "127.", 4) || !strncmp(s, "[::1]:", 6));
}

static const char *database_wrong(const char *s)
{
	struct pg_hosts hosts;
	const char *wrong = pg_hosts_init(&hosts, s);
	PQconninfoOption *parsed = PQconninfoParse(s, NULL);

	pg_hosts_done(&hosts);
	for (PQconninfoOption *o = parsed; o && o->keyword; o++) {
		if (!o->val)
			continue;
		if (!strcmp(o->keyword, "password") || !strcmp(o->keyword, "user"))
			wrong = "must not hold user or password (see database_system, and the credential database_password)";
	}
	PQconninfoFree(parsed);
	return wrong;
}

static const char *role_wrong(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] ? "may hold a-z, 0-9 and _ only" : NULL;
}

const char *config_text_wrong(const char *name, const char *s)
{
	if (!strcmp(name, "listen") && !is_listen(s))
		return "must be loopback host:port, unix:/path or fd:N; put nginx or HAProxy in front";
	if (!strcmp(name, "fetch_allow") && !is_address(s))
		return "must be host:port";
	if (!strcmp(name, "redis") && *s && strncmp(s, "unix:/", 6) && !is_redis(s))
		return "must be unix:/path, host:port, sentinel:NAME@host:port,host:port (at most 8) or empty";
	if (!strcmp(name, "fetcher") && *s && *s != '/' && (strncmp(s, "unix:/", 6) || strlen(s + 5) >= 108))
		return "must be unix:/path, the path of a program, or empty";
	if (!strcmp(name, "clamd_socket") && *s && *s != '/')
		return "must be a path, or empty";
	if (!strcmp(name, "log_level") && log_level_from(s) < 0)
		return "must be error, warning, notice, info or debug";
	if (!strcmp(name, "commit_barrier") && strcmp(s, "auto") && strcmp(s, "on") && strcmp(s, "off"))
		return "must be auto, on or off";
	if (!strcmp(name, "public_url") && strncmp(s, "http://", 7) && strncmp(s, "https://", 8))
		return "must begin with https:// or http://";
	if (!strcmp(name, "event_source") && strncmp(s, "urn:", 4) && strncmp(s, "https://", 8))
		return "must be a urn: (urn:nld:oin:...:systeem:...) or begin with https://";
	if (!strcmp(name, "state_dir") && *s != '/')
		return "must be an absolute path";
	if (!strcmp(name, "database"))
		return database_wrong(s);
	if (!strncmp(name, "database_", 9))
		return role_wrong(s);
	return NULL;
}
