// SPDX-License-Identifier: Apache-2.0
/* bench/promise.h — whether a run at the required load has held what Muster promises there. */
#pragma once
#include "base/base.h"

#define PROMISE_ANSWER_P99_MS 100
#define PROMISE_LIVE_P99_MS   100 /* after the answer */
#define PROMISE_ZONE_P50_MS   63  /* from the frame to the zone's state */
#define PROMISE_ZONE_P99_MS   100
#define PROMISE_SCORE         0.005 /* a score under load is that of the group alone */
#define PROMISE_PACE          0.99  /* of the requests that were due; the sender shares the cores */

struct promise_run {
    double due; /* requests */
    int64_t answered;
    int64_t refused;
    int64_t broken;    /* connections */
    int64_t lost;      /* detections acknowledged, but not stored */
    int64_t uncounted; /* frames stored, but not counted by the crowd */
    double answer_p99_ms;
    double live_p99_ms;
};

struct promise_crowd {
    double due;
    int64_t answered, refused, broken;
    int64_t dropped; /* frames that were not followed, steps that were not told */
    double p50_ms, p99_ms;
    double moda_lost, idf1_lost; /* against the group alone */
};

/* False: *out_note names the case and what broke the promise. */
bool promise_is_held(const struct promise_run *run, const char *name, struct err_note *out_note);
bool promise_crowd_is_held(const struct promise_crowd *run, const char *name,
                           struct err_note *out_note);
