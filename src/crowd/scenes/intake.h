// SPDX-License-Identifier: Apache-2.0
/* crowd/scenes/intake.h — frames of many cameras, as they come, into steps of one moment each. Pure: the
 * times are those of the frames and of the records that brought them, so that the same stream makes the
 * same steps, however loaded the machine is and after a restart too.
 *
 * A step holds the frames of TRACKER_STEP_MS. It is complete when every living camera has sent something
 * as new or is not due before its end; or when the slowest camera should long have: cameras are as late as
 * they were lately, at most INTAKE_WAIT_MAX_MS. A frame that comes when its step has just been taken goes into
 * the next one: people walk 7 cm in that time, and a frame left out costs more. Whoever comes later still is left
 * out. */
#pragma once
#include "crowd/tracking/tracker.h"

#define INTAKE_WAIT_MAX_MS   2000
#define INTAKE_WAIT_EXTRA_MS 50
#define INTAKE_STEPS_MAX     256 /* waiting; beyond, the oldest is taken as complete */
/* A lateness is remembered for so long. */
#define INTAKE_MEMORY_MS 10000

enum intake_answer {
    INTAKE_TAKEN,
    INTAKE_LATE,  /* its step is over, and the next one too or the camera has sent newer ones */
    INTAKE_TWICE, /* the camera has a newer frame in this step, or the same people */
    INTAKE_DISTRUSTED, /* it is left out of the merging, see crowd/trust/trust.h */
};

struct intake_frame {
    uint32_t device;
    int64_t at_ms;
    struct box *boxes;      /* owned */
    int64_t *source_tracks; /* owned */
    bool is_in_metres;      /* places, not boxes */
    size_t box_count;
};

struct intake_step {
    int64_t start_ms;
    struct intake_frame *frames; /* owned; by device */
    size_t frame_count;
};

struct intake_camera {
    int64_t newest_ms;  /* its newest frame's time */
    int64_t period_ms;  /* between its frames, smoothed; 0 = not known yet */
    int64_t arrived_ms; /* its newest record */
    int64_t late_ms;    /* how late it was at most, lately */
    int64_t late_at_ms;
    int64_t silent_after_ms;
    bool is_heard;
};

struct intake {
    struct intake_camera *cameras;
    size_t camera_count;
    struct intake_step *steps; /* by start */
    size_t step_count;
    int64_t taken_ms; /* end of the newest step handed out */
    int64_t stream_ms;
    int64_t added_ms; /* the newest arrival */
};

/* `silent_after_ms` of each device. */
void intake_init(struct intake *intake, const int64_t *silent_after_ms, size_t device_count);
void intake_fini(struct intake *intake);
/* No frame of a new moment fits before a step is taken out, which intake_next then allows. */
static inline bool intake_is_full(const struct intake *intake)
{
    return intake->step_count == INTAKE_STEPS_MAX;
}
/* Takes what the frame owns, whatever the answer. Not while it is full. */
enum intake_answer intake_add(struct intake *intake, struct intake_frame frame, int64_t arrival_ms);
/* The oldest step when it is complete at `stream_ms` (of arrivals: whatever arrived before has been added; nothing
 * is complete while more may arrive at the moment of the newest); the caller ends it. */
bool intake_next(struct intake *intake, int64_t stream_ms, struct intake_step *out_step);
/* Whether intake_next would give a step, and when that starts; nothing changes. */
bool intake_is_due(const struct intake *intake, int64_t stream_ms, int64_t *out_start_ms);
/* Whether the camera has sent something lately. */
bool intake_hears(const struct intake *intake, size_t camera, int64_t stream_ms);
void intake_frame_fini(struct intake_frame *frame);
void intake_step_fini(struct intake_step *step);
