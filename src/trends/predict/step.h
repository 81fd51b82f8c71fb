// SPDX-License-Identifier: Apache-2.0
/* trends/predict/step.h — from a zone's counts per second to one count per step (a minute, say), as forecasts and
 * verdicts take them: the mean of the seconds that were told. A step of which fewer than STEP_SECONDS_MIN of its
 * seconds were told is not known, and left out: a silent camera is no empty zone. */
#pragma once
#include "base/base.h"

#define STEP_SECONDS_MIN 0.5 /* share */

struct step {
    uint32_t step_s;
    int64_t number; /* since the epoch, of the open step */
    double sum;
    uint32_t seconds;
};

/* The mean of the open step; false when too few of its seconds were told. */
static inline bool step_mean(const struct step *step, double *out_people)
{
    if (step->seconds == 0 || step->seconds < STEP_SECONDS_MIN * step->step_s)
        return false;
    *out_people = step->sum / step->seconds;
    return true;
}

/* The count of one second. True when it begins a new step and the one before is known: its beginning and mean. */
static inline bool step_add(struct step *step, int64_t second_ms, double people, int64_t *out_at_ms,
                            double *out_people)
{
    int64_t step_ms = (int64_t)step->step_s * 1000;
    int64_t number = second_ms / step_ms - (second_ms % step_ms < 0);
    if (number < step->number && step->seconds > 0)
        return false; /* late: its step has been told */
    bool is_known = number != step->number && step_mean(step, out_people);
    if (is_known)
        *out_at_ms = step->number * step_ms;
    if (number != step->number || step->seconds == 0)
        *step = (struct step){.step_s = step->step_s, .number = number};
    step->sum += people;
    step->seconds++;
    return is_known;
}
