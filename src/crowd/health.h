// SPDX-License-Identifier: Apache-2.0
/* crowd/health.h — what is known of a venue's devices beside the detections that are counted: counters
 * and sensors send readings, and frames that are refused for a wrong clock never come this way. */
#pragma once
#include "crowd/crowd.h"

/* `readings` may be NULL; the picture is the caller's own still. */
void health_complete(struct readings *readings, const struct venue_view *view,
                     struct crowd_picture *picture);
