// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/stage.h — for tests and benches: a venue with simulated cameras on masts, and what they
 * see of walkers whose places are known. */
#pragma once
#include "crowd/builders.h"
#include "feeds/camera.h"

#define STAGE_BOXES_MAX 5000

/* A venue "demo/park" from `low` to `high`, with one zone of that size and a calibrated device for each
 * camera, whose ids ascend. The caller owns the reference. */
struct venue_view *stage_view(const struct camera *cameras, size_t count, struct point low,
                              struct point high);

struct stage_noise {
    double miss;  /* probability */
    double share; /* of the box's width and height: the deviation of the foot */
};

/* One frame of one camera; boxes and source_tracks are owned by the caller, for mem_free or an intake. */
struct intake_frame stage_see(const struct camera *camera, uint32_t device,
                              const struct walker *walkers, size_t count,
                              const struct stage_noise *noise, struct random_sequence *chance);
void stage_frame_fini(struct intake_frame *frame);

/* A step of the tracker with what all cameras see now. */
struct stage {
    const struct camera *cameras;
    size_t camera_count;
    struct stage_noise noise;
    struct random_sequence chance;
    struct venue_view *view;
    struct tracker *tracker;
    uint64_t next_id;
    int64_t at_ms;
    bool has_numbers; /* cameras number people by themselves: the walkers' ids */
};
void stage_open(struct stage *stage, const struct camera *cameras, size_t count, struct point high);
void stage_close(struct stage *stage);
/* Shows the walkers to all cameras at a time, 100 ms after the one before. */
void stage_step(struct stage *stage, const struct walker *walkers, size_t count);
/* The told person nearest to a place; NULL when nobody is within a metre. */
const struct tracker_person *stage_person(const struct stage *stage, double x, double y);
size_t stage_count(const struct stage *stage);
