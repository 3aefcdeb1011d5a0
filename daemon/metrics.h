/*
 * metrics.h - counters, gauges and histograms in Prometheus' text format 0.0.4
 *
 * Fixed label sets: what can be counted stands in metrics_table.h, one line each, so that memory is
 * bounded and no citizen's data can become a label.
 */
#ifndef LOKET_METRICS_H
#define LOKET_METRICS_H

#include "daemon/metrics_table.h"   /* enum metric { M_…, N_METRICS } from an X-macro list */

#include <stddef.h>
#include <stdint.h>

void metric_add(enum metric m, uint64_t n);          /* counter */
void metric_set(enum metric m, int64_t v);           /* gauge */
void metric_observe_us(enum metric m, int64_t us);   /* histogram: 0.5 ms … 10 s */
/* metrics_text - everything, NUL-terminated; the caller frees */
char *metrics_text(size_t *len);

#endif
