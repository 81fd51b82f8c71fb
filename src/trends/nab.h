// SPDX-License-Identifier: Apache-2.0
/* trends/nab.h — the score of the Numenta anomaly benchmark, standard profile (Lavin, Ahmad 2015), and how the
 * judge and the forecaster do on its series nyc_taxi, step by step without looking ahead, beside naive peers.
 * For tests and `muster bench trends`. Pure. */
#pragma once
#include "base/base.h"

#define NAB_WINDOWS_MAX  8
#define NAB_TAXI_WINDOWS 5
#define NAB_TAXI_STEP_MS 1800000LL

struct nab_window {
    int64_t from_ms, until_ms;
};
/* New York, 2014-2015: marathon, Thanksgiving, Christmas, New Year, snow storm. */
extern const struct nab_window nab_taxi_windows[NAB_TAXI_WINDOWS];

struct nab_series { /* borrowed */
    const int64_t *at_ms;
    const double *people;
    size_t count;
    int64_t step_ms;
};

struct nab_result {
    double score; /* 0 = nothing found, 100 = each window at its first step and nothing else */
    size_t found, false_alarms;
    size_t first[NAB_WINDOWS_MAX]; /* steps from the left end of each window; SIZE_MAX = missed */
};
struct nab_result nab_score(const struct nab_series *series, const bool *is_detection,
                            const struct nab_window *windows, size_t window_count);

/* An episode begins at the steps that are true. */
void nab_judge(const struct nab_series *series, bool *out_is_detection);
/* The naive peer: further than NAB_NAIVE_SIGMAS from the mean of the same step of the weeks before, of which
 * there are two or more; told once in twelve hours. */
#define NAB_NAIVE_SIGMAS 3.0
void nab_judge_naively(const struct nab_series *series, bool *out_is_detection);

struct nab_errors { /* mean absolute, of what was told after two weeks */
    double ours, last_value, last_week;
    double in_80; /* share of outcomes within the band */
    size_t count;
};
/* One, two and four steps ahead. */
#define NAB_HORIZONS 3
extern const uint32_t nab_horizons_steps[NAB_HORIZONS];
void nab_forecast(const struct nab_series *series, struct nab_errors out_errors[NAB_HORIZONS]);
