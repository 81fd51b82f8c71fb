// SPDX-License-Identifier: Apache-2.0
#include "bench/promise.h"

static bool breaks(struct err_note *out_note, const char *name, double found, const char *what,
                   double allowed)
{
    (void)err_set(out_note, ERR_BUSY, name, "breaks the promise: %.6g %s, where %.6g is allowed",
                  found, what, allowed);
    return false;
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
    if ((double)run->answered < run->due * PROMISE_PACE)
        return breaks(out_note, name, run->due - (double)run->answered,
                      "requests less than were due", run->due * (1 - PROMISE_PACE));
    return true;
}
