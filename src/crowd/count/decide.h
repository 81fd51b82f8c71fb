// SPDX-License-Identifier: Apache-2.0
/* crowd/count/decide.h — how many people each zone had in one second. Groups of cameras that see different
 * floors add up. Within a group: whom its cameras together have followed, where that is settled; else
 * "largest camera", since its cameras see the same people. Pure. */
#pragma once
#include "crowd/state.h"

struct zone_cameras { /* that cover the zone, as far as is known */
    uint16_t heard, silent;
};

struct second_result {
    int64_t *people; /* [zone_count], CROWD_UNKNOWN where no living camera covers the zone */
    struct zone_cameras *cameras; /* [zone_count], all 0 before; may be NULL */
    int64_t total;                /* CROWD_UNKNOWN when no camera was alive */
};
void second_decide(const struct venue_state *state, const struct second *second,
                   struct second_result *inout_result);
