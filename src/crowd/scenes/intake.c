// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/intake.h"

#include "base/limits.h"

#define LONG_AGO (INT64_MIN / 4)

void intake_init(struct intake *intake, const int64_t *silent_after_ms, size_t device_count)
{
    *intake =
        (struct intake){.camera_count = device_count, .taken_ms = LONG_AGO, .added_ms = LONG_AGO};
    intake->cameras = mem_new_array(device_count + 1, sizeof *intake->cameras);
    intake->steps = mem_new_array(INTAKE_STEPS_MAX, sizeof *intake->steps);
    for (size_t i = 0; i < device_count; i++)
        intake->cameras[i].silent_after_ms = silent_after_ms[i];
}

void intake_frame_fini(struct intake_frame *frame)
{
    mem_free(frame->boxes);
    mem_free(frame->source_tracks);
}

void intake_step_fini(struct intake_step *step)
{
    for (size_t i = 0; i < step->frame_count; i++)
        intake_frame_fini(&step->frames[i]);
    mem_free(step->frames);
    *step = (struct intake_step){0};
}

void intake_fini(struct intake *intake)
{
    for (size_t i = 0; i < intake->step_count; i++)
        intake_step_fini(&intake->steps[i]);
    mem_free(intake->steps);
    mem_free(intake->cameras);
}

/* --- frames in --- */

static int64_t step_start(int64_t at_ms)
{
    int64_t rest = at_ms % TRACKER_STEP_MS;
    return at_ms - (rest < 0 ? rest + TRACKER_STEP_MS : rest);
}

static void hear(struct intake_camera *camera, int64_t at_ms, int64_t arrival_ms)
{
    int64_t late_ms = MAX(arrival_ms - at_ms, 0);
    if (late_ms >= camera->late_ms || arrival_ms - camera->late_at_ms > INTAKE_MEMORY_MS) {
        camera->late_ms = late_ms;
        camera->late_at_ms = arrival_ms;
    }
    if (camera->is_heard && at_ms > camera->newest_ms) {
        int64_t period_ms = MIN(at_ms - camera->newest_ms, camera->silent_after_ms);
        /* A single gap does not make it slow: its next pictures are waited for. */
        int64_t counted_ms = MIN(period_ms, 2 * camera->period_ms);
        camera->period_ms =
            camera->period_ms == 0 ? period_ms : (3 * camera->period_ms + counted_ms) / 4;
    }
    camera->newest_ms = camera->is_heard ? MAX(camera->newest_ms, at_ms) : at_ms;
    camera->arrived_ms = MAX(camera->arrived_ms, arrival_ms);
    camera->is_heard = true;
}

static struct intake_step *step_at(struct intake *intake, int64_t start_ms)
{
    size_t place = intake->step_count;
    while (place > 0 && intake->steps[place - 1].start_ms > start_ms)
        place--;
    if (place > 0 && intake->steps[place - 1].start_ms == start_ms)
        return &intake->steps[place - 1];
    assert(!intake_is_full(intake)); /* the caller takes steps out first */
    memmove(&intake->steps[place + 1], &intake->steps[place],
            (intake->step_count - place) * sizeof *intake->steps);
    intake->step_count++;
    intake->steps[place] = (struct intake_step){.start_ms = start_ms};
    return &intake->steps[place];
}

static bool has_track(const struct intake_frame *frame, int64_t source_track)
{
    for (size_t i = 0; i < frame->box_count; i++) {
        if (frame->source_tracks[i] == source_track)
            return true;
    }
    return false;
}

/* The second message of one moment (some senders split them): whoever the first one did not have. People
 * without a number cannot be told apart, so then the larger message stands. */
static bool complete_frame(struct intake_frame *own, struct intake_frame *more)
{
    size_t count = own->box_count, all = own->box_count + more->box_count;
    for (size_t i = 0; i < more->box_count; i++) {
        if (more->source_tracks[i] < 0) {
            bool is_larger = more->box_count > own->box_count;
            if (is_larger) {
                struct intake_frame smaller = *own;
                *own = *more;
                *more = smaller;
            }
            intake_frame_fini(more);
            return is_larger;
        }
    }
    own->boxes = mem_resize(own->boxes, (all + 1) * sizeof *own->boxes);
    own->source_tracks = mem_resize(own->source_tracks, (all + 1) * sizeof *own->source_tracks);
    for (size_t i = 0; i < more->box_count && own->box_count < LIMIT_FRAME_PERSONS; i++) {
        if (has_track(own, more->source_tracks[i]))
            continue;
        own->boxes[own->box_count] = more->boxes[i];
        own->source_tracks[own->box_count++] = more->source_tracks[i];
    }
    intake_frame_fini(more);
    return own->box_count > count;
}

static enum intake_answer step_add(struct intake_step *step, struct intake_frame *frame)
{
    size_t place = 0;
    while (place < step->frame_count && step->frames[place].device < frame->device)
        place++;
    if (place < step->frame_count && step->frames[place].device == frame->device) {
        struct intake_frame *own = &step->frames[place];
        if (frame->at_ms == own->at_ms)
            return complete_frame(own, frame) ? INTAKE_TAKEN : INTAKE_TWICE;
        bool is_newer = frame->at_ms > own->at_ms;
        intake_frame_fini(is_newer ? own : frame);
        if (is_newer)
            *own = *frame;
        return is_newer ? INTAKE_TAKEN : INTAKE_TWICE;
    }
    step->frames = mem_resize(step->frames, (step->frame_count + 1) * sizeof *step->frames);
    memmove(&step->frames[place + 1], &step->frames[place],
            (step->frame_count - place) * sizeof *step->frames);
    step->frames[place] = *frame;
    step->frame_count++;
    return INTAKE_TAKEN;
}

enum intake_answer intake_add(struct intake *intake, struct intake_frame frame, int64_t arrival_ms)
{
    assert(frame.device < intake->camera_count);
    struct intake_camera *camera = &intake->cameras[frame.device];
    bool is_newest = !camera->is_heard || frame.at_ms > camera->newest_ms;
    hear(camera, frame.at_ms, arrival_ms);
    intake->stream_ms = MAX(intake->stream_ms, arrival_ms);
    intake->added_ms = MAX(intake->added_ms, arrival_ms);
    int64_t start_ms = step_start(frame.at_ms);
    if (is_newest && start_ms == intake->taken_ms - TRACKER_STEP_MS)
        start_ms = intake->taken_ms;
    if (start_ms < intake->taken_ms) {
        intake_frame_fini(&frame);
        return INTAKE_LATE;
    }
    return step_add(step_at(intake, start_ms), &frame);
}

/* --- steps out --- */

static bool is_alive(const struct intake_camera *camera, int64_t stream_ms)
{
    return camera->is_heard && stream_ms - camera->arrived_ms <= camera->silent_after_ms;
}

bool intake_hears(const struct intake *intake, size_t camera, int64_t stream_ms)
{
    return is_alive(&intake->cameras[camera], stream_ms);
}

/* Whether nothing of before `end_ms` is to be expected of the camera: one that comes a little early after all
 * goes into the next step. */
static bool is_through(const struct intake_camera *camera, int64_t start_ms, int64_t end_ms)
{
    return camera->newest_ms >= start_ms ||
           (camera->period_ms > 0 && camera->newest_ms + camera->period_ms * 15 / 16 >= end_ms);
}

/* How late the most punctual camera is: all of them, when it is a recording that is sent. */
static int64_t least_lateness(const struct intake *intake, int64_t stream_ms)
{
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < intake->camera_count; i++) {
        if (is_alive(&intake->cameras[i], stream_ms))
            least_ms = MIN(least_ms, intake->cameras[i].late_ms);
    }
    return least_ms == INT64_MAX ? 0 : least_ms;
}

static bool is_complete(const struct intake *intake, const struct intake_step *step,
                        int64_t stream_ms)
{
    if (intake_is_full(intake))
        return true;
    int64_t end_ms = step->start_ms + TRACKER_STEP_MS;
    int64_t late_max_ms = least_lateness(intake, stream_ms) + INTAKE_WAIT_MAX_MS;
    for (size_t i = 0; i < intake->camera_count; i++) {
        const struct intake_camera *camera = &intake->cameras[i];
        if (!is_alive(camera, stream_ms) || is_through(camera, step->start_ms, end_ms))
            continue;
        if (stream_ms < end_ms + MIN(camera->late_ms, late_max_ms) + INTAKE_WAIT_EXTRA_MS)
            return false;
    }
    return true;
}

bool intake_is_due(const struct intake *intake, int64_t stream_ms, int64_t *out_start_ms)
{
    int64_t now_ms = MAX(intake->stream_ms, stream_ms);
    /* More may have arrived at this moment: what was sent together is looked at together. */
    bool is_open = now_ms <= intake->added_ms && !intake_is_full(intake);
    if (intake->step_count == 0 || is_open || !is_complete(intake, &intake->steps[0], now_ms))
        return false;
    *out_start_ms = intake->steps[0].start_ms;
    return true;
}

bool intake_next(struct intake *intake, int64_t stream_ms, struct intake_step *out_step)
{
    int64_t start_ms;
    intake->stream_ms = MAX(intake->stream_ms, stream_ms);
    if (!intake_is_due(intake, stream_ms, &start_ms))
        return false;
    *out_step = intake->steps[0];
    intake->step_count--;
    memmove(&intake->steps[0], &intake->steps[1], intake->step_count * sizeof *intake->steps);
    intake->taken_ms = start_ms + TRACKER_STEP_MS;
    return true;
}
