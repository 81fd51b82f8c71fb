// SPDX-License-Identifier: Apache-2.0
#include "bench/load/latency.h"

#include <math.h>

enum { STEPS = 1 << LATENCY_STEP_BITS };
#define LARGEST_US ((INT64_C(1) << (LATENCY_POWERS + LATENCY_STEP_BITS)) - 1)

/* Values below STEPS have a bucket each; from there on every power of two is cut into STEPS. */
static size_t bucket_of(int64_t us)
{
    if (us < STEPS)
        return (size_t)us;
    int power = 63 - __builtin_clzll((unsigned long long)us) - LATENCY_STEP_BITS;
    return (size_t)(power + 1) * STEPS + (size_t)((us >> power) - STEPS);
}

static int64_t bucket_end(size_t bucket)
{
    if (bucket < STEPS)
        return (int64_t)bucket;
    int power = (int)(bucket / STEPS) - 1;
    return ((int64_t)(STEPS + bucket % STEPS + 1) << power) - 1;
}

void latency_add(struct latency *latency, int64_t us)
{
    us = MAX(INT64_C(0), MIN(us, LARGEST_US));
    latency->counts[bucket_of(us)]++;
    latency->count++;
    latency->max_us = MAX(latency->max_us, us);
}

int64_t latency_quantile_us(const struct latency *latency, double quantile)
{
    int64_t rank = MAX(INT64_C(1), (int64_t)ceil(quantile * (double)latency->count));
    int64_t seen = 0;
    if (latency->count == 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(latency->counts); i++) {
        seen += latency->counts[i];
        if (seen >= rank)
            return MIN(bucket_end(i), latency->max_us);
    }
    return latency->max_us;
}
