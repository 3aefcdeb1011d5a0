/*
 * log.h - events, not prose: logfmt lines on stderr with journald's "<N>" prefix
 *
 *   log_event(LOG_INFO, "case.offered", "case=%s agent=%s ms=%d", …)
 *
 * The name is constant and can be searched; keys come from the list in daemon/README.md. Ids yes; names,
 * addresses, message text, tokens and URLs never. Control bytes become "?". Writing never blocks: what does
 * not fit in the pipe is dropped and counted. At most 200 lines of one event name a second.
 */
#ifndef LOKET_LOG_H
#define LOKET_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_init(enum log_level most);
void log_event(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* log_dropped - lines that were not written: pipe full, or too many of one event in a second */
unsigned long log_dropped(void);
/* log_level_from - "info" → LOG_INFO; -1 when it is no level */
int log_level_from(const char *s);

#endif
