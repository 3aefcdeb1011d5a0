/*
 * fetcher.h - one job on bytes of strangers, in a process that can do nothing else
 *
 *   main.c      takes the job and a file from the socket on descriptor 0, answers, ends
 *   sandbox.c   what the process may still do, before it touches a byte
 *   get.c       a file from a provider (libcurl)
 *   look.c      what a file is: digest, type (libmagic)
 *   scan.c      what clamd thinks of it
 *
 * A job is one packet: a JSON object, and the descriptor of the file it is about. So is the answer. Nothing of one job
 * is there for the next: each has a process of its own.
 */
#ifndef LOKET_FETCHER_H
#define LOKET_FETCHER_H

#include <jansson.h>
#include <stdbool.h>

enum { JOB_MAX_BYTES = 60 << 10, JOB_MAX_SECONDS = 3600 };

/* what a job came to; the daemon decides what follows from it */
enum outcome {
	FINE,
	LATER,      /* may be different the next time */
	NEVER,      /* refused by a rule of ours, or gone at the provider */
	LARGE,      /* more bytes than asked for */
	INFECTED,   /* by clamd's judgement */
};

struct job {
	const json_t *asked;   /* what to do, with the keys of README.md */
	int file;              /* opened by the daemon; writable for "get" only */
	/* out */
	enum outcome outcome;
	const char *why;       /* constant text; NULL when FINE */
	json_t *told;          /* more keys of the answer */
};

void job_get(struct job *j);
void job_look(struct job *j);
void job_scan(struct job *j);
/* job_end - set outcome and why, once: the first reason counts */
void job_end(struct job *j, enum outcome o, const char *why);

/* what a job needs of the world, beside its socket and its file */
enum needs { NEEDS_NOTHING, NEEDS_NETWORK };

/*
 * sandbox_enter - give up all that is not needed, for good
 * returns  what holds, by comma: "rlimit,landlock,seccomp"; the kernel may lack the latter two
 */
const char *sandbox_enter(enum needs needs, long long max_file_bytes, int seconds);

#endif
