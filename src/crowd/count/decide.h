// SPDX-License-Identifier: Apache-2.0
/* crowd/count/decide.h — how many people each zone had in one second, by the frames of its cameras:
 * method "largest camera". Pure. */
#pragma once
#include "crowd/count/coverage.h"
#include "crowd/seconds.h"

struct zone_cameras { /* that cover the zone, as far as is known */
    uint16_t heard, silent;
};

struct second_result {
    int64_t *people; /* [zone_count], CROWD_UNKNOWN where no living camera covers the zone */
    struct zone_cameras *cameras; /* [zone_count], all 0 before; may be NULL */
    int64_t total;                /* CROWD_UNKNOWN when no camera was alive */
};
void second_decide(const struct seconds *seconds, const struct second *second,
                   const struct venue_view *view, const struct coverage *coverage,
                   struct second_result *inout_result);
