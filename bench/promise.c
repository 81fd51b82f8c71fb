// SPDX-License-Identifier: Apache-2.0
#include "bench/promise.h"

static bool breaks(struct err_note *out_note, const char *name, double found, const char *what,
                   double allowed)
{
    (void)err_set(out_note, ERR_BUSY, name, "breaks the promise: %.6g %s, where %.6g is allowed",
                  found, what, allowed);
    return false;
}

static bool keeps_pace(double due, int64_t answered, const char *name, struct err_note *out_note)
{
    return (double)answered >= due * PROMISE_PACE ||
           breaks(out_note, name, due - (double)answered, "requests less than were due",
                  due * (1 - PROMISE_PACE));
}

bool promise_is_held(const struct promise_run *run, const char *name, struct err_note *out_note)
{
    if (run->refused > 0)
        return breaks(out_note, name, (double)run->refused, "requests were refused", 0);
    if (run->broken > 0)
        return breaks(out_note, name, (double)run->broken, "connections broke", 0);
    if (run->lost != 0)
        return breaks(out_note, name, (double)run->lost, "acknowledged detections are not stored",
                      0);
    if (run->uncounted != 0)
        return breaks(out_note, name, (double)run->uncounted, "stored frames were not counted", 0);
    if (run->answer_p99_ms > PROMISE_ANSWER_P99_MS)
        return breaks(out_note, name, run->answer_p99_ms, "ms to the answer (p99)",
                      PROMISE_ANSWER_P99_MS);
    if (run->live_p99_ms > PROMISE_LIVE_P99_MS)
        return breaks(out_note, name, run->live_p99_ms,
                      "ms from the answer to the live count (p99)", PROMISE_LIVE_P99_MS);
    return keeps_pace(run->due, run->answered, name, out_note);
}

bool promise_crowd_is_held(const struct promise_crowd *run, const char *name,
                           struct err_note *out_note)
{
    double lost = MAX(run->moda_lost, run->idf1_lost);
    if (run->refused > 0)
        return breaks(out_note, name, (double)run->refused, "requests were refused", 0);
    if (run->broken > 0)
        return breaks(out_note, name, (double)run->broken, "connections broke", 0);
    if (run->dropped > 0)
        return breaks(out_note, name, (double)run->dropped, "frames were not followed", 0);
    if (run->p50_ms > PROMISE_ZONE_P50_MS)
        return breaks(out_note, name, run->p50_ms, "ms from the frame to the zone (p50)",
                      PROMISE_ZONE_P50_MS);
    if (run->p99_ms > PROMISE_ZONE_P99_MS)
        return breaks(out_note, name, run->p99_ms, "ms from the frame to the zone (p99)",
                      PROMISE_ZONE_P99_MS);
    if (lost > PROMISE_SCORE)
        return breaks(out_note, name, lost, "of the score is lost under load", PROMISE_SCORE);
    return keeps_pace(run->due, run->answered, name, out_note);
}
