// SPDX-License-Identifier: Apache-2.0
/* bench/load/latency.h — all the times of a run in a fixed size: a histogram whose buckets are at most 1 % of
 * their value wide (as HdrHistogram's), so that no run is too long for its quantiles. */
#pragma once
#include "base/base.h"

enum {
    LATENCY_STEP_BITS = 7, /* buckets per power of two: 128 */
    LATENCY_POWERS = 33,   /* up to 2^40 us, twelve days */
    LATENCY_BUCKETS = LATENCY_POWERS << LATENCY_STEP_BITS,
};

struct latency {
    int64_t counts[LATENCY_BUCKETS + (1 << LATENCY_STEP_BITS)];
    int64_t count;
    int64_t max_us;
};

/* Below 0 counts as 0, beyond the last bucket as its largest. */
void latency_add(struct latency *latency, int64_t us);
/* The largest value of the quantile's bucket; 0 when there is none. quantile 1 is the exact maximum. */
int64_t latency_quantile_us(const struct latency *latency, double quantile);
static inline double latency_ms(const struct latency *latency, double quantile)
{
    return (double)latency_quantile_us(latency, quantile) / 1000;
}
