// SPDX-License-Identifier: Apache-2.0
/* crowd/flow.h — how the people of a venue's zones stand and move: those who are followed now, measured
 * twice a second (crowd/measures/), for the live picture and once a second for history. */
#pragma once
#include "crowd/crowd.h"
#include "crowd/measures/measures.h"
#include "crowd/tracking/scene.h"

#define FLOW_PERIOD_MS   500
#define FLOW_SECONDS_MAX 64 /* measured and not yet written; beyond, the oldest are dropped */

struct flow_second { /* of the zones that are measured */
    int64_t s;
    float *values; /* [zone_count][FLOW_MEASURES]; NaN = not known; owned */
};
enum { FLOW_VORONOI, FLOW_SPEED, FLOW_SPECIFIC, FLOW_MEASURES };
extern const char *const flow_measure_names[FLOW_MEASURES]; /* of the series */

struct flow {
    struct measures *measures; /* NULL when the venue's shape has none */
    int64_t at_ms;
    bool *is_known; /* [zone_count] all cameras that look there follow people */
    struct flow_second seconds[FLOW_SECONDS_MAX]; /* by time */
    size_t second_count;
};

void flow_init(struct flow *flow, const struct crowd_map *map);
void flow_fini(struct flow *flow);
/* `covers` as in groups.h. */
void flow_measure(struct flow *flow, const struct crowd_scene *scene, const struct crowd_map *map,
                  const uint64_t *covers, int64_t stream_ms);
struct crowd_flow flow_of(const struct flow *flow, size_t zone);
/* The oldest second; false when there is none. The caller frees its values. */
bool flow_take_second(struct flow *flow, struct flow_second *out_second);
