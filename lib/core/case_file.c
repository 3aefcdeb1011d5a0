/* case_file.c - the rules of a case's life, as a table */
#include "lib/core/case_file.h"

#include <stddef.h>
#include <string.h>

static const struct rule {
	enum case_state from;
	enum case_event on;
	enum case_state to;
	const char *why;
} rules[] = {
	{CASE_QUEUED, CASE_EV_CONTACT, CASE_QUEUED, "more about the same question: it keeps its place"},
	{CASE_QUEUED, CASE_EV_POST, CASE_QUEUED, "more under the same post: whoever takes the case sees it"},
	{CASE_QUEUED, CASE_EV_OFFER, CASE_OFFERED, "the router picked an agent"},
	{CASE_QUEUED, CASE_EV_ACCEPT, CASE_ASSIGNED,
	 "an agent who is already talking to the citizen takes it"},
	{CASE_QUEUED, CASE_EV_TRANSFER, CASE_QUEUED, "a lead asks for somebody else"},
	{CASE_QUEUED, CASE_EV_RESOLVE, CASE_CLOSED,
	 "a lead or webcare closes what needs no agent, such as spam"},
	{CASE_QUEUED, CASE_EV_SCHEDULE, CASE_SCHEDULED, "a call-back was agreed: it waits for its moment"},
	{CASE_QUEUED, CASE_EV_HANG_UP, CASE_CLOSED, "the caller hung up before anybody answered"},
	{CASE_QUEUED, CASE_EV_HELP, CASE_QUEUED, "help by a person was asked: it waits for a digital coach"},
	{CASE_OFFERED, CASE_EV_CONTACT, CASE_OFFERED, "more about the same question: the offer stands"},
	{CASE_OFFERED, CASE_EV_POST, CASE_OFFERED, "more under the same post: the offer stands"},
	{CASE_OFFERED, CASE_EV_ACCEPT, CASE_ASSIGNED, "the agent took it"},
	{CASE_OFFERED, CASE_EV_DECLINE, CASE_QUEUED,
	 "the agent declined: it waits on with its first arrival"},
	{CASE_OFFERED, CASE_EV_TIMEOUT, CASE_QUEUED, "nobody answered: it waits on with its first arrival"},
	{CASE_OFFERED, CASE_EV_WITHDRAW, CASE_QUEUED,
	 "the agent went away: it waits on with its first arrival"},
	{CASE_OFFERED, CASE_EV_SCHEDULE, CASE_SCHEDULED, "a call-back was agreed: the offer is withdrawn"},
	{CASE_OFFERED, CASE_EV_HANG_UP, CASE_CLOSED,
	 "the caller hung up before anybody answered: the offer is withdrawn"},
	{CASE_OFFERED, CASE_EV_HELP, CASE_QUEUED,
	 "help by a person was asked: the offer is withdrawn, a digital coach takes it"},
	{CASE_ASSIGNED, CASE_EV_CONTACT, CASE_ASSIGNED, "the citizen wrote back: the owner sees it"},
	{CASE_ASSIGNED, CASE_EV_POST, CASE_ASSIGNED, "more under the same post: the owner sees it"},
	{CASE_ASSIGNED, CASE_EV_TRANSFER, CASE_QUEUED, "handed on, with a note, to somebody better placed"},
	{CASE_ASSIGNED, CASE_EV_RESOLVE, CASE_CLOSED, "closed with an outcome"},
	{CASE_ASSIGNED, CASE_EV_LOST, CASE_QUEUED, "the owner vanished: somebody else goes on"},
	{CASE_ASSIGNED, CASE_EV_SCHEDULE, CASE_SCHEDULED,
	 "the citizen could not be reached: tried again later"},
	{CASE_ASSIGNED, CASE_EV_HELP, CASE_QUEUED,
	 "help by a person was asked: a digital coach goes on with it"},
	{CASE_ASSIGNED, CASE_EV_HANG_UP, CASE_CLOSED, "the caller hung up before the agent answered"},
	{CASE_TRIAGE, CASE_EV_CONTACT, CASE_TRIAGE, "an answer to the webcare team: they see it"},
	{CASE_TRIAGE, CASE_EV_POST, CASE_TRIAGE, "more under the same post: the webcare team sees it"},
	{CASE_TRIAGE, CASE_EV_HAND, CASE_QUEUED, "the webcare team hands it to the agents"},
	{CASE_TRIAGE, CASE_EV_FINISH, CASE_CLOSED, "the webcare team is done with it"},
	{CASE_SCHEDULED, CASE_EV_CONTACT, CASE_QUEUED, "the citizen is there again: no need to wait"},
	{CASE_SCHEDULED, CASE_EV_ACCEPT, CASE_ASSIGNED,
	 "an agent who is already talking to the citizen takes it"},
	{CASE_SCHEDULED, CASE_EV_RESOLVE, CASE_CLOSED, "a lead closes what needs no call any more"},
	{CASE_SCHEDULED, CASE_EV_DUE, CASE_QUEUED, "time to call back"},
	{CASE_SCHEDULED, CASE_EV_HANG_UP, CASE_CLOSED, "the caller hung up in the menu"},
	{CASE_CLOSED, CASE_EV_CONTACT, CASE_QUEUED, "the citizen came back: it was not solved"},
	{CASE_CLOSED, CASE_EV_POST, CASE_TRIAGE, "the citizen came back in public: the webcare team sees it"},
	{CASE_CLOSED, CASE_EV_REOPEN, CASE_QUEUED, "opened again by people"},
	{CASE_QUEUED, CASE_EV_MERGE, CASE_CLOSED, "the same question as another case: it goes on there"},
	{CASE_OFFERED, CASE_EV_MERGE, CASE_CLOSED, "the same question as another case: the offer is withdrawn, it goes on there"},
	{CASE_ASSIGNED, CASE_EV_MERGE, CASE_CLOSED, "the same question as another case: it goes on there"},
	{CASE_CLOSED, CASE_EV_MERGE, CASE_CLOSED, "the same question as another case: it is read there"},
	{CASE_CLOSED, CASE_EV_UNMERGE, CASE_QUEUED, "another question than the case it was merged into: it waits on"},
};

int case_next(enum case_state from, enum case_event on, const char **why)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].from == from && rules[i].on == on) {
			if (why)
				*why = rules[i].why;
			return rules[i].to;
		}
	return -1;
}

static const char *const state_names[N_CASE_STATES] = {
	[CASE_QUEUED] = "queued", [CASE_OFFERED] = "offered", [CASE_ASSIGNED] = "assigned",
	[CASE_TRIAGE] = "triage", [CASE_SCHEDULED] = "scheduled", [CASE_CLOSED] = "closed",
};

static const char *const event_names[N_CASE_EVENTS] = {
	[CASE_EV_CONTACT] = "contact",   [CASE_EV_POST] = "post",         [CASE_EV_OFFER] = "offer",
	[CASE_EV_ACCEPT] = "accept",     [CASE_EV_DECLINE] = "decline",   [CASE_EV_TIMEOUT] = "timeout",
	[CASE_EV_WITHDRAW] = "withdraw", [CASE_EV_TRANSFER] = "transfer", [CASE_EV_RESOLVE] = "resolve",
	[CASE_EV_REOPEN] = "reopen",     [CASE_EV_LOST] = "lost",         [CASE_EV_HAND] = "hand",
	[CASE_EV_FINISH] = "finish",     [CASE_EV_SCHEDULE] = "schedule", [CASE_EV_DUE] = "due",
	[CASE_EV_HANG_UP] = "hangUp",    [CASE_EV_HELP] = "help",
	[CASE_EV_MERGE] = "merge",       [CASE_EV_UNMERGE] = "unmerge",
};

static const char *const outcome_names[N_OUTCOMES] = {
	[OUTCOME_NONE] = "", [OUTCOME_SOLVED] = "solved", [OUTCOME_PROMISED] = "promised",
	[OUTCOME_REFERRED] = "referred", [OUTCOME_UNREACHABLE] = "unreachable", [OUTCOME_SPAM] = "spam",
	[OUTCOME_NOT_FOR_US] = "notForUs",
};

static int find(const char *const *names, int n, const char *s)
{
	for (int i = 0; s && i < n; i++)
		if (strcmp(names[i], s) == 0)
			return i;
	return -1;
}

const char *case_state_name(enum case_state s)
{
	return (unsigned)s < N_CASE_STATES ? state_names[s] : "";
}

const char *case_event_name(enum case_event e)
{
	return (unsigned)e < N_CASE_EVENTS ? event_names[e] : "";
}

const char *case_outcome_name(enum case_outcome o)
{
	return (unsigned)o < N_OUTCOMES ? outcome_names[o] : "";
}

int case_state_from(const char *s)
{
	return find(state_names, N_CASE_STATES, s);
}

int case_outcome_from(const char *s)
{
	return s && *s ? find(outcome_names, N_OUTCOMES, s) : -1;
}
