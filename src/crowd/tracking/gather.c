// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/gather.h"

#define LONG_AGO (INT64_MIN / 4)

void gather_init(struct gather *gather, const int64_t *silent_after_ms, size_t device_count)
{
    *gather = (struct gather){.camera_count = device_count, .taken_ms = LONG_AGO};
    gather->cameras = mem_new_array(device_count + 1, sizeof *gather->cameras);
    gather->steps = mem_new_array(GATHER_STEPS_MAX + 1, sizeof *gather->steps);
    for (size_t i = 0; i < device_count; i++)
        gather->cameras[i].silent_after_ms = silent_after_ms[i];
}

static void frame_fini(struct gather_frame *frame)
{
    mem_free(frame->boxes);
    mem_free(frame->source_tracks);
}

void gather_step_fini(struct gather_step *step)
{
    for (size_t i = 0; i < step->frame_count; i++)
        frame_fini(&step->frames[i]);
    mem_free(step->frames);
    *step = (struct gather_step){0};
}

void gather_fini(struct gather *gather)
{
    for (size_t i = 0; i < gather->step_count; i++)
        gather_step_fini(&gather->steps[i]);
    mem_free(gather->steps);
    mem_free(gather->cameras);
}

/* --- frames in --- */

static int64_t step_start(int64_t at_ms)
{
    int64_t rest = at_ms % TRACKER_STEP_MS;
    return at_ms - (rest < 0 ? rest + TRACKER_STEP_MS : rest);
}

static void hear(struct gather_camera *camera, int64_t at_ms, int64_t arrival_ms)
{
    int64_t late_ms = MIN(MAX(arrival_ms - at_ms, 0), GATHER_WAIT_MAX_MS);
    if (late_ms >= camera->late_ms || arrival_ms - camera->late_at_ms > GATHER_MEMORY_MS) {
        camera->late_ms = late_ms;
        camera->late_at_ms = arrival_ms;
    }
    if (camera->is_heard && at_ms > camera->newest_ms) {
        int64_t period_ms = MIN(at_ms - camera->newest_ms, camera->silent_after_ms);
        camera->period_ms =
            camera->period_ms == 0 ? period_ms : (3 * camera->period_ms + period_ms) / 4;
    }
    camera->newest_ms = camera->is_heard ? MAX(camera->newest_ms, at_ms) : at_ms;
    camera->arrived_ms = MAX(camera->arrived_ms, arrival_ms);
    camera->is_heard = true;
}

static struct gather_step *step_at(struct gather *gather, int64_t start_ms)
{
    size_t place = gather->step_count;
    while (place > 0 && gather->steps[place - 1].start_ms > start_ms)
        place--;
    if (place > 0 && gather->steps[place - 1].start_ms == start_ms)
        return &gather->steps[place - 1];
    memmove(&gather->steps[place + 1], &gather->steps[place],
            (gather->step_count - place) * sizeof *gather->steps);
    gather->step_count++;
    gather->steps[place] = (struct gather_step){.start_ms = start_ms};
    return &gather->steps[place];
}

static bool has_track(const struct gather_frame *frame, int64_t source_track)
{
    for (size_t i = 0; i < frame->box_count; i++) {
        if (frame->source_tracks[i] == source_track)
            return true;
    }
    return false;
}

/* The second message of one moment (some senders split them): whoever the first one did not have. People
 * without a number cannot be told apart, so then the larger message stands. */
static bool complete_frame(struct gather_frame *own, struct gather_frame *more)
{
    size_t count = own->box_count, all = own->box_count + more->box_count;
    for (size_t i = 0; i < more->box_count; i++) {
        if (more->source_tracks[i] < 0) {
            bool is_larger = more->box_count > own->box_count;
            if (is_larger) {
                struct gather_frame smaller = *own;
                *own = *more;
                *more = smaller;
            }
            frame_fini(more);
            return is_larger;
        }
    }
    own->boxes = mem_resize(own->boxes, (all + 1) * sizeof *own->boxes);
    own->source_tracks = mem_resize(own->source_tracks, (all + 1) * sizeof *own->source_tracks);
    for (size_t i = 0; i < more->box_count; i++) {
        if (has_track(own, more->source_tracks[i]))
            continue;
        own->boxes[own->box_count] = more->boxes[i];
        own->source_tracks[own->box_count++] = more->source_tracks[i];
    }
    frame_fini(more);
    return own->box_count > count;
}

static enum gather_answer step_add(struct gather_step *step, struct gather_frame *frame)
{
    size_t place = 0;
    while (place < step->frame_count && step->frames[place].device < frame->device)
        place++;
    if (place < step->frame_count && step->frames[place].device == frame->device) {
        struct gather_frame *own = &step->frames[place];
        if (frame->at_ms == own->at_ms)
            return complete_frame(own, frame) ? GATHER_TAKEN : GATHER_TWICE;
        bool is_newer = frame->at_ms > own->at_ms;
        frame_fini(is_newer ? own : frame);
        if (is_newer)
            *own = *frame;
        return is_newer ? GATHER_TAKEN : GATHER_TWICE;
    }
    step->frames = mem_resize(step->frames, (step->frame_count + 1) * sizeof *step->frames);
    memmove(&step->frames[place + 1], &step->frames[place],
            (step->frame_count - place) * sizeof *step->frames);
    step->frames[place] = *frame;
    step->frame_count++;
    return GATHER_TAKEN;
}

enum gather_answer gather_add(struct gather *gather, struct gather_frame frame, int64_t arrival_ms)
{
    assert(frame.device < gather->camera_count);
    hear(&gather->cameras[frame.device], frame.at_ms, arrival_ms);
    gather->stream_ms = MAX(gather->stream_ms, arrival_ms);
    int64_t start_ms = step_start(frame.at_ms);
    if (start_ms < gather->taken_ms) {
        frame_fini(&frame);
        return GATHER_LATE;
    }
    return step_add(step_at(gather, start_ms), &frame);
}

/* --- steps out --- */

static bool is_alive(const struct gather_camera *camera, int64_t stream_ms)
{
    return camera->is_heard && stream_ms - camera->arrived_ms <= camera->silent_after_ms;
}

/* Whether nothing of before `end_ms` is to be expected of the camera. */
static bool is_through(const struct gather_camera *camera, int64_t start_ms, int64_t end_ms)
{
    return camera->newest_ms >= start_ms ||
           (camera->period_ms > 0 && camera->newest_ms + camera->period_ms * 7 / 8 >= end_ms);
}

static bool is_complete(const struct gather *gather, const struct gather_step *step,
                        int64_t stream_ms)
{
    if (gather->step_count >= GATHER_STEPS_MAX)
        return true;
    int64_t end_ms = step->start_ms + TRACKER_STEP_MS;
    for (size_t i = 0; i < gather->camera_count; i++) {
        const struct gather_camera *camera = &gather->cameras[i];
        if (!is_alive(camera, stream_ms) || is_through(camera, step->start_ms, end_ms))
            continue;
        if (stream_ms < end_ms + camera->late_ms + GATHER_WAIT_EXTRA_MS)
            return false;
    }
    return true;
}

bool gather_next(struct gather *gather, int64_t stream_ms, struct gather_step *out_step)
{
    gather->stream_ms = MAX(gather->stream_ms, stream_ms);
    if (gather->step_count == 0 || !is_complete(gather, &gather->steps[0], gather->stream_ms))
        return false;
    *out_step = gather->steps[0];
    gather->step_count--;
    memmove(&gather->steps[0], &gather->steps[1], gather->step_count * sizeof *gather->steps);
    gather->taken_ms = out_step->start_ms + TRACKER_STEP_MS;
    return true;
}
