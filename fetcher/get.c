/*
 * get.c - a file from a provider, by libcurl, into the descriptor that came with the job
 *
 * Each hop is looked at anew: https on a host of the list (or a host:port of the configuration's fetch_allow), every
 * address of its name on the public internet, and only those addresses are connected to. Redirects are followed by
 * hand. Nothing is unpacked: an answer that is compressed is refused.
 */
#include "fetcher/fetcher.h"
#include "lib/base/must.h"
#include "lib/base/ssrf.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_HOPS = 4, MAX_URL = 4000, MAX_HEADERS = 64 << 10, CONNECT_MS = 5000, SLOW_BYTES = 1024, SLOW_SECONDS = 10,
	MAX_ADDRESSES = 16 };

struct get {
	struct job *job;
	long long max, got;
	bool allowed;              /* this hop's host:port stands in fetch_allow */
	size_t header_bytes;
	CURL *easy;
	char host[256], port[8];   /* of this hop; host without brackets */
	char pinned[1200];         /* "host:port:address,…" */
};

/* ---------------------------------------------------------------- where to */

static bool in_list(const json_t *list, const char *s)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && !strcasecmp(json_string_value(v), s))
			return true;
	return false;
}

/* "graph.facebook.com" is itself; ".fbcdn.net" is everything below it */
static bool host_fits(const char *rule, const char *host)
{
	size_t n = strlen(rule), m = strlen(host);

	return *rule == '.' ? m > n && !strcasecmp(host + m - n, rule) : !strcasecmp(rule, host);
}

static bool host_in(const json_t *list, const char *host)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && host_fits(json_string_value(v), host))
			return true;
	return false;
}

static bool part(CURLU *u, CURLUPart what, char *out, size_t room)
{
	char *s = NULL;
	bool fits = curl_url_get(u, what, &s, CURLU_DEFAULT_PORT) == CURLUE_OK && strlen(s) < room;

	if (fits)
		memcpy(out, s, strlen(s) + 1);
	curl_free(s);
	return fits;
}

static void without_brackets(char *host)
{
	size_t n = strlen(host);

	if (*host != '[' || n < 2)
		return;
	memmove(host, host + 1, n - 2);
	host[n - 2] = '\0';
}

static bool may_go(struct get *g, CURLU *u)
{
	char scheme[8], host_port[sizeof g->host + sizeof g->port];

	if (!part(u, CURLUPART_SCHEME, scheme, sizeof scheme) || !part(u, CURLUPART_HOST, g->host, sizeof g->host) ||
	    !part(u, CURLUPART_PORT, g->port, sizeof g->port))
		return false;
	snprintf(host_port, sizeof host_port, "%s:%s", g->host, g->port);
	without_brackets(g->host);
	g->allowed = in_list(json_object_get(g->job->asked, "allow"), host_port);
	if (g->allowed)
		return !strcmp(scheme, "https") || !strcmp(scheme, "http");
	return !strcmp(scheme, "https") && !strcmp(g->port, "443") &&
	       host_in(json_object_get(g->job->asked, "hosts"), g->host);
}

static bool is_public(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ssrf_public_v4((const uint8_t *)&((const struct sockaddr_in *)(const void *)a)->sin_addr);
	return a->sa_family == AF_INET6 &&
	       ssrf_public_v6(((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr);
}

static bool pin(struct get *g, const struct sockaddr *a, bool first)
{
	size_t n = strlen(g->pinned);
	char text[INET6_ADDRSTRLEN];
	const void *bytes = a->sa_family == AF_INET6
	                    ? (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr
	                    : (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;

	return inet_ntop(a->sa_family, bytes, text, sizeof text) &&
	       snprintf(g->pinned + n, sizeof g->pinned - n, "%s%s", first ? "" : ",", text) < (int)(sizeof g->pinned - n);
}

/* asked once, by ourselves: the name cannot change its mind between the look and the connect */
static bool resolve(struct get *g)
{
	const struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	int n = 0;

	if (getaddrinfo(g->host, g->port, &want, &all)) {
		job_end(g->job, LATER, "the provider's name is not known");
		return false;
	}
	snprintf(g->pinned, sizeof g->pinned, "%s:%s:", g->host, g->port);
	for (struct addrinfo *a = all; a && n < MAX_ADDRESSES; a = a->ai_next, n++) {
		if (!g->allowed && !is_public(a->ai_addr))
			job_end(g->job, NEVER, "the address is not public");
		else if (!pin(g, a->ai_addr, n == 0))
			break;
	}
	freeaddrinfo(all);
	return g->job->outcome == FINE;
}

/* once more, on the address that is really connected to */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct get *g = arg;

	if (purpose != CURLSOCKTYPE_IPCXN || (!g->allowed && !is_public(&a->addr))) {
		job_end(g->job, NEVER, "the address is not public");
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---------------------------------------------------------------- what comes */

static bool named(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	return n > len && !strncasecmp(line, name, len);
}

/* the value without blanks around it is word */
static bool is_word(const char *s, size_t n, const char *word)
{
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == '\r' || s[n - 1] == '\n' || s[n - 1] == ' '))
		n--;
	return n == strlen(word) && !strncasecmp(s, word, n);
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	static const char content[] = "content-encoding:", transfer[] = "transfer-encoding:";
	struct get *g = arg;

	n *= size;
	g->header_bytes += n;
	if (g->header_bytes > MAX_HEADERS)
		job_end(g->job, LATER, "the provider's answer makes no sense");
	else if (named(line, n, content) && !is_word(line + sizeof content - 1, n - sizeof content + 1, "identity"))
		job_end(g->job, NEVER, "the provider sent it compressed");
	else if (named(line, n, transfer) && !is_word(line + sizeof transfer - 1, n - sizeof transfer + 1, "chunked"))
		job_end(g->job, NEVER, "the provider sent it compressed");
	return g->job->outcome == FINE ? n : 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct get *g = arg;
	long status = 0;

	n *= size;
	curl_easy_getinfo(g->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 != 2)
		return n;   /* the words of an error are of no use */
	if ((long long)n > g->max - g->got)
		job_end(g->job, LARGE, "larger than attachment_max_bytes");
	for (size_t done = 0; g->job->outcome == FINE && done < n;) {
		ssize_t w = write(g->job->file, data + done, n - done);

		if (w <= 0)
			job_end(g->job, LATER, "the file cannot be written");
		else
			done += (size_t)w;
	}
	g->got += (long long)n;
	return g->job->outcome == FINE ? n : 0;
}

/* ---------------------------------------------------------------- one hop */

static void judge(struct get *g, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(g->easy, CURLINFO_RESPONSE_CODE, &status);
	json_object_set_new(g->job->told, "status", json_integer(status));
	if (code == CURLE_FILESIZE_EXCEEDED)
		job_end(g->job, LARGE, "larger than attachment_max_bytes");
	else if (code == CURLE_OPERATION_TIMEDOUT)
		job_end(g->job, LATER, "the provider was too slow");
	else if (code != CURLE_OK)
		job_end(g->job, LATER, "the provider could not be reached, or broke off");
	else if (status == 404 || status == 410)
		job_end(g->job, NEVER, "the provider has it no more");
	else if (status / 100 != 2 && status / 100 != 3)
		job_end(g->job, LATER, "the provider refused");
}

static struct curl_slist *headers_of(const struct get *g, bool same_host)
{
	struct curl_slist *list = must(curl_slist_append(NULL, "Accept: */*"));
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(g->job->asked, "headers"), i, v)
		if (same_host && json_is_string(v) && !strpbrk(json_string_value(v), "\r\n"))
			list = must(curl_slist_append(list, json_string_value(v)));
	return list;
}

static void set_up(struct get *g, const char *url, long seconds)
{
	CURL *e = g->easy;

	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, g->allowed ? "http,https" : "https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_TRANSFER_DECODING, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT, seconds);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)g->max);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "loketd");
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, g);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, g);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, g);
}

/* the URL this one points to, for the caller to free; NULL: it was the last, or the job has ended */
static char *hop(struct get *g, CURLU *u, const char *url, bool same_host, long seconds)
{
	struct curl_slist *headers, *pinned;
	char *next = NULL, *whole = NULL;

	g->easy = must(curl_easy_init());
	headers = headers_of(g, same_host);
	pinned = must(curl_slist_append(NULL, g->pinned));
	set_up(g, url, seconds);
	curl_easy_setopt(g->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(g->easy, CURLOPT_RESOLVE, pinned);
	judge(g, curl_easy_perform(g->easy));
	curl_easy_getinfo(g->easy, CURLINFO_REDIRECT_URL, &next);
	if (g->job->outcome == FINE && next && strlen(next) <= MAX_URL &&
	    curl_url_set(u, CURLUPART_URL, next, CURLU_DISALLOW_USER) == CURLUE_OK)
		curl_url_get(u, CURLUPART_URL, &whole, 0);
	else if (g->job->outcome == FINE && g->job->told &&
	         json_integer_value(json_object_get(g->job->told, "status")) / 100 == 3)
		job_end(g->job, NEVER, "the provider points to nowhere");
	curl_slist_free_all(headers);
	curl_slist_free_all(pinned);
	curl_easy_cleanup(g->easy);
	g->easy = NULL;
	return whole;
}

static void follow(struct get *g, CURLU *u, long seconds)
{
	char first_host[sizeof g->host] = "", *url = NULL, *next;

	curl_url_get(u, CURLUPART_URL, &url, 0);
	for (int i = 0; url; i++) {
		if (i == MAX_HOPS)
			job_end(g->job, NEVER, "the provider points on and on");
		else if (!may_go(g, u))
			job_end(g->job, NEVER, "the provider points to a place that is not on the list");
		if (g->job->outcome != FINE || !resolve(g))
			break;
		if (!i)
			memcpy(first_host, g->host, sizeof first_host);
		next = hop(g, u, url, !strcasecmp(first_host, g->host), seconds);
		curl_free(url);
		url = next;
	}
	curl_free(url);
}

void job_get(struct job *j)
{
	const char *url = json_string_value(json_object_get(j->asked, "url"));
	long seconds = (long)json_integer_value(json_object_get(j->asked, "seconds"));
	struct get g = { .job = j, .max = json_integer_value(json_object_get(j->asked, "maxBytes")) };
	CURLU *u = must(curl_url());

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	seconds = seconds < 1 || seconds > JOB_MAX_SECONDS / 2 ? 60 : seconds;
	json_object_set_new(j->told, "sandbox", json_string(sandbox_enter(NEEDS_NETWORK, g.max, (int)seconds + 10)));
	if (!url || strlen(url) > MAX_URL || curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK)
		job_end(j, NEVER, "it has no address to fetch it from");
	else
		follow(&g, u, seconds);
	curl_url_cleanup(u);
	if (j->outcome == FINE)
		json_object_set_new(j->told, "bytes", json_integer(g.got));
}
