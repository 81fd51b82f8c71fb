// SPDX-License-Identifier: Apache-2.0
/* base/metrics.h — counters, gauges and histograms, declared as static objects and exposed at
 * /metrics in Prometheus' text format 0.0.4. Adding to one is a relaxed atomic: safe in any thread.
 *   static struct metric batches = METRIC_COUNTER("muster_ingest_batches_total", "Batches
 * stored."); metric_add(&batches, 1); A metric registers itself on its first use. */
#pragma once
#include "base/text.h"

#include <stdatomic.h>

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

#define METRIC_BUCKETS 24 /* upper bounds 0.0001 s x 2^n, up to 838 s, then +Inf */

struct metric {
    const char *name; /* Prometheus' conventions: unit in the name, _total for counters */
    const char *help;
    enum metric_kind kind;
    const char *labels; /* fixed: store="main", or NULL */
    atomic_int_fast64_t value;
    atomic_int_fast64_t sum_us;
    atomic_int_fast64_t buckets[METRIC_BUCKETS + 1];
    atomic_int is_registered;
    struct metric *next;
};

#define METRIC_COUNTER(n, h)                                                                       \
    {                                                                                              \
        .name = (n), .help = (h), .kind = METRIC_KIND_COUNTER                                      \
    }
#define METRIC_GAUGE(n, h)                                                                         \
    {                                                                                              \
        .name = (n), .help = (h), .kind = METRIC_KIND_GAUGE                                        \
    }
#define METRIC_HISTOGRAM(n, h)                                                                     \
    {                                                                                              \
        .name = (n), .help = (h), .kind = METRIC_KIND_HISTOGRAM                                    \
    }

void metric_add(struct metric *metric, int64_t amount);    /* counter, gauge */
void metric_set(struct metric *metric, int64_t value);     /* gauge */
void metric_observe_us(struct metric *metric, int64_t us); /* histogram, shown in seconds */
int64_t metric_value(const struct metric *metric);
/* The quantile's bucket bound in microseconds, 0 when nothing was observed. */
int64_t metric_quantile_us(const struct metric *metric, double quantile);
void metrics_expose(struct text *out);
