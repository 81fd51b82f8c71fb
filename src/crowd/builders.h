// SPDX-License-Identifier: Apache-2.0
/* crowd/builders.h — for tests: venues and batches in a line or two. */
#pragma once
#include "crowd/state.h"

/* A venue "demo/park" whose zones are axis-parallel boxes; thresholds 1, 2, 3; areas as drawn. */
struct zone_box {
    const char *id;
    double x0, y0, x1, y1;
};
struct venue_view *build_view(const struct zone_box *boxes, size_t box_count,
                              const char *const *cameras);
/* Adds a straight line that is as wide as it is long, and joins no zones. */
void build_line(struct venue_view *view, const char *id, struct point a, struct point b);
struct device *build_device(struct venue_view *view, const char *id);
/* A batch in metres with one frame at each of the times, the same people in all. Ends at time 0. */
struct detection_batch *build_batch(const char *device, const int64_t *times_ms,
                                    const struct point *people, size_t count);
/* Hands the batch over and forgets it. */
bool build_take(struct venue_state *state, struct detection_batch *batch, int64_t arrival_ms,
                int64_t position);
