// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/odds.h — how much likelier it is that one who was lost has come again than that somebody new
 * has come. */
#pragma once
#include "crowd/handover/handover.h"

#define HANDOVER_PAIRS_MAX 65536 /* beyond, the rest is new */

struct handover_known {
    struct handover_person person;
    struct look look;
    bool is_given_up; /* by its group */
    bool is_gone;
    bool is_joined;
};

struct handover_rate { /* of all who begin in the venue */
    double begun, joined, watched_s;
    int64_t at_ms;
};
/* Of those who begin so many are newcomers at least, whatever was joined so far. */
#define HANDOVER_NEWCOMERS_MIN 0.3
#define HANDOVER_BEGUN_WEIGHT  10.0 /* of the opinion that all are, persons */

/* Log odds; -INFINITY when it cannot be. */
double handover_odds(const struct handover_known *lost, const struct handover_known *new,
                     const struct looks_scale *looks, const struct handover_rate *rate);
