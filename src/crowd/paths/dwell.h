// SPDX-License-Identifier: Apache-2.0
/* crowd/paths/dwell.h — how long people stay in a zone: a histogram of visits whose buckets grow by
 * DWELL_GROWTH, so that any quantile is right within half of that whatever the durations, and histograms of
 * several zones or hours add up (as DDSketch: Masson, Rim, Lee 2019).
 *
 * Visits whose end was not seen are *censored*: they lasted at least as long as seen. To leave them out would make
 * stays look shorter the more people are still inside; so quantiles are those of the product-limit
 * estimate (Kaplan, Meier 1958), which counts each of them as present up to what was seen of it. Where too few
 * have left to tell a quantile, it is -1: longer than anybody was seen to stay. The mean is of finished
 * visits alone, and says so. */
#pragma once
#include "crowd/paths/stays.h"

#define DWELL_GROWTH      1.05
#define DWELL_BUCKETS     256 /* the first below 1 s, the last from 62 h on */
#define DWELL_CONTENT_MAX (16 * 1024)

struct dwell {
    uint64_t finished_ms; /* sum */
    uint64_t finished[DWELL_BUCKETS], censored[DWELL_BUCKETS];
};

struct dwell_summary {
    uint64_t finished, censored; /* visits */
    double mean_finished_s;      /* 0 when there are none */
    double median_s, p90_s;      /* -1 = longer than can be told */
};

void dwell_add(struct dwell *dwell, const struct visit *visit);
void dwell_sum(struct dwell *dwell, const struct dwell *part);
/* The time within which this share of visits ends; 0 < share < 1. -1 = longer than can be told. */
double dwell_quantile_s(const struct dwell *dwell, double share);
struct dwell_summary dwell_summarise(const struct dwell *dwell);

/* ERR_NO_MEMORY; the caller frees. */
MUST_USE enum err dwell_pack(const struct dwell *dwell, void **out_bytes, size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY. */
MUST_USE enum err dwell_unpack(const void *bytes, size_t len, struct dwell *out_dwell);
