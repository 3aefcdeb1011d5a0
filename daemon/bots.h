/*
 * bots.h - who is stuck with a bot gets a person
 *
 * Bots are not ours: the chat tells what they say. A bot that says so many turns in a row that it does not
 * understand, or says the same again, is as one that hands over: the case is option 0. settings.bot of an
 * inbox: {"stuck": ["…"] (more ways in which it says so), "turns": 2}
 */
#ifndef LOKET_BOTS_H
#define LOKET_BOTS_H

#include "lib/base/uuid.h"
#include "lib/core/contact.h"

struct server;

enum { BOTS_TURNS = 2, BOTS_MAX_TURNS = 5 };

/* bots_says - did a bot say this? */
bool bots_says(const struct contact *c);
/* bots_look - a bot said something in this case, and it is stored: is it stuck? In the background; what is
 * lost is seen with its next turn */
void bots_look(struct server *srv, const char *inbox, struct case_id id);

#endif
