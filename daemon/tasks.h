/*
 * tasks.h - promises of which it is time to tell something: who has one is reminded, and what is late is seen
 *
 * The sweep of the instance that leads asks which (task_look.sql): each is told once, as task.changed. It also counts what is
 * open and late, for the metrics.
 */
#ifndef LOKET_TASKS_H
#define LOKET_TASKS_H

struct server;
struct tasks;

struct tasks *tasks_new(struct server *srv);
struct tasks *tasks_free(struct tasks *t);
void tasks_sweep(struct tasks *t);

#endif
