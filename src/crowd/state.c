// SPDX-License-Identifier: Apache-2.0
#include "crowd/state.h"

#include "base/metrics.h"

static struct metric frames_total =
    METRIC_COUNTER("muster_crowd_frames_total", "Camera frames counted.");
static struct metric duplicates_total =
    METRIC_COUNTER("muster_crowd_duplicate_frames_total", "Frames that had been counted already.");
static struct metric joined_total =
    METRIC_COUNTER("muster_crowd_joined_frames_total",
                   "Messages that added people to an instant that was there already.");
static struct metric ahead_total = METRIC_COUNTER(
    "muster_crowd_frames_ahead_total", "Frames left out: their time lies in the future.");
static struct metric unknown_total =
    METRIC_COUNTER("muster_crowd_unknown_device_batches_total",
                   "Batches of devices that the venue no longer has.");

static struct metric late_total =
    METRIC_COUNTER("muster_crowd_frames_late_total",
                   "Frames too late to follow people: only counted camera by camera.");

static struct metric distrusted_total = METRIC_COUNTER(
    "muster_crowd_frames_distrusted_total",
    "Frames not merged: their camera's clock or calibration does not agree with the others'.");

static struct metric tracks_late_total =
    METRIC_COUNTER("muster_crowd_track_points_late_total",
                   "Settled places left out of the tracks: their time was written already.");

static uint32_t find_device(const struct venue_view *view, const char *id)
{
    size_t low = 0, high = view->device_count;
    while (low < high) { /* devices stand in the order of their ids */
        size_t middle = (low + high) / 2;
        int order = strcmp(view->devices[middle].id, id);
        if (order == 0)
            return (uint32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT32_MAX;
}

static uint32_t find_zone(const struct venue_view *view, const char *id)
{
    for (size_t z = 0; z < view->zone_count; z++) {
        if (strcmp(view->zones[z].id, id) == 0)
            return (uint32_t)z;
    }
    return UINT32_MAX;
}

void venue_state_cover(struct venue_state *state, const char *device, const char *zone)
{
    uint32_t d = find_device(venue_state_view(state), device);
    uint32_t z = find_zone(venue_state_view(state), zone);
    if (d != UINT32_MAX && z != UINT32_MAX)
        coverage_add_learned(&state->coverage, d, (uint16_t)z);
}

/* --- people followed --- */

static struct frame_count *count_step(struct venue_state *state, const struct crowd_step *step)
{
    SCOPED_MEM struct dot *dots = mem_new_array(step->count + 1, sizeof *dots);
    for (size_t i = 0; i < step->count; i++)
        dots[i] = (struct dot){.x = step->people[i].person.x, .y = step->people[i].person.y};
    return counter_recount(state->counter, dots, step->count, step->at_ms);
}

static void take_settled(struct venue_state *state, const struct crowd_scene_fixes *settled)
{
    struct crowd_step_cursor cursor = {0};
    struct crowd_step step;
    while (crowd_scene_fixes_next(settled, &cursor, &step)) {
        struct frame_count *count = count_step(state, &step);
        tally_add(&state->tally, settled->group, count);
        mem_free(count);
    }
}

/* Groups go on together; what they have settled is told one after the other. */
static void run_groups(struct venue_state *state, int64_t stream_ms)
{
    struct crowd_scene_fixes settled;
    uint64_t late = state->queue.late, distrusted = state->queue.distrusted;
    struct crowd_scene_fixes *all = NULL;
    size_t count = 0;
    const struct settled_scene now = {
        .scene = state->scene,
        .covers = state->coverage.covers,
        .stream_ms = stream_ms == SCENE_QUEUE_FRAMES ? state->arrived_ms : stream_ms,
        .pool = state->pool};
    bool is_more;
    do {
        is_more = scene_queue_run(&state->queue, state->pool, stream_ms);
        for (; scene_queue_take_settled(&state->queue, &settled); count++) {
            take_settled(state, &settled);
            metric_add(&tracks_late_total, (int64_t)track_log_add(&state->tracks, &settled));
            all = mem_resize(all, (count + 1) * sizeof *all);
            all[count] = settled;
        }
        meet_again(&state->meeting, state->scene, &state->tracks);
    } while (is_more);
    metric_add(&late_total, (int64_t)(state->queue.late - late));
    metric_add(&distrusted_total, (int64_t)(state->queue.distrusted - distrusted));
    settled_take_all(&state->settled, all, count, &now);
    for (size_t i = 0; i < count; i++)
        crowd_scene_fixes_fini(&all[i]);
    mem_free(all);
}

/* --- life --- */

/* Numbers of people begin with the time, so that they stay unique over restarts. */
#define IDS_PER_S 1000000

/* Other groups: who is there is found anew, within SCENE_WARM_MS. */
static void renew_scene(struct venue_state *state, struct venue_view *view)
{
    uint64_t next_id = crowd_scene_next_id(state->scene);
    scene_queue_fini(&state->queue);
    crowd_scene_destroy(state->scene);
    state->scene = crowd_scene_create(view, state->coverage.covers, next_id);
    scene_queue_init(&state->queue, state->scene);
    track_log_regroup(&state->tracks, crowd_scene_group_count(state->scene));
    settled_regroup(&state->settled, crowd_scene_group_count(state->scene));
    tally_fini(&state->tally); /* its groups had other numbers */
    meeting_fini(&state->meeting);
    meeting_init(&state->meeting);
}

struct venue_state *venue_state_create(struct venue_view *view, int64_t complete_from_s,
                                       int64_t lateness_ms)
{
    struct venue_state *state = mem_new(sizeof *state);
    state->map = crowd_map_create(view);
    state->counter = counter_create(state->map);
    state->cameras = mem_new_array(view->device_count + 1, sizeof *state->cameras);
    coverage_init(&state->coverage, state->map);
    seconds_init(&state->seconds, complete_from_s, lateness_ms);
    state->scene = crowd_scene_create(view, state->coverage.covers,
                                      (uint64_t)MAX(complete_from_s, 0) * IDS_PER_S);
    scene_queue_init(&state->queue, state->scene);
    track_log_init(&state->tracks, crowd_scene_group_count(state->scene));
    flow_init(&state->flow, state->map);
    meeting_init(&state->meeting);
    settled_init(&state->settled, state->map, crowd_scene_group_count(state->scene));
    return state;
}

static void camera_fini(struct camera_state *camera)
{
    mem_free(camera->frame);
    mem_free(camera->dots);
    *camera = (struct camera_state){.seen_ms = 0};
}

static void drop_ground(struct venue_state *state)
{
    flow_fini(&state->flow); /* borrows the map, like what is settled */
    settled_fini(&state->settled);
    for (size_t d = 0; d < venue_state_view(state)->device_count; d++)
        camera_fini(&state->cameras[d]);
    mem_free(state->cameras);
    coverage_fini(&state->coverage);
    counter_destroy(state->counter);
    crowd_map_destroy(state->map);
}

void venue_state_destroy(struct venue_state *state)
{
    if (state == NULL)
        return;
    drop_ground(state);
    seconds_fini(&state->seconds);
    scene_queue_fini(&state->queue);
    crowd_scene_destroy(state->scene);
    meeting_fini(&state->meeting);
    tally_fini(&state->tally);
    track_log_fini(&state->tracks);
    mem_free(state);
}

static void move_camera(struct venue_state *to, uint32_t device, struct camera_state *from)
{
    struct camera_state *camera = &to->cameras[device];
    camera->seen_ms = from->seen_ms;
    camera->live_ms = from->live_ms;
    camera->clock_ahead_ms = from->clock_ahead_ms;
    camera->dots = TAKE(from->dots);
    camera->dot_count = from->dot_count;
    if (from->frame != NULL)
        camera->frame =
            counter_recount(to->counter, camera->dots, camera->dot_count, from->frame->at_ms);
}

void venue_state_move(struct venue_state *state, struct venue_view *view)
{
    const struct venue_view *old = venue_state_view(state);
    run_groups(state, SCENE_QUEUE_FRAMES); /* while their devices' numbers are right */
    struct venue_state *moved = venue_state_create(view, 0, 0);
    SCOPED_MEM uint32_t *zones = mem_new_array(old->zone_count + 1, sizeof *zones);
    SCOPED_MEM uint32_t *devices = mem_new_array(old->device_count + 1, sizeof *devices);
    for (size_t z = 0; z < old->zone_count; z++)
        zones[z] = find_zone(view, old->zones[z].id);
    zones[old->zone_count] = (uint32_t)view->zone_count;
    for (uint32_t d = 0; d < old->device_count; d++) {
        devices[d] = find_device(view, old->devices[d].id);
        if (devices[d] != UINT32_MAX)
            move_camera(moved, devices[d], &state->cameras[d]);
    }
    coverage_move(&moved->coverage, &state->coverage, zones, devices);
    seconds_renumber(&state->seconds, zones, devices);
    settled_move(&moved->settled, &state->settled);
    drop_ground(state);
    state->map = TAKE(moved->map);
    state->counter = TAKE(moved->counter);
    state->cameras = TAKE(moved->cameras);
    state->coverage = moved->coverage;
    state->flow = moved->flow;
    state->settled = moved->settled;
    scene_queue_fini(&moved->queue);
    crowd_scene_destroy(moved->scene);
    meeting_fini(&moved->meeting);
    track_log_fini(&moved->tracks);
    mem_free(moved);
    if (crowd_scene_move(state->scene, view, state->coverage.covers))
        tally_fini(&state->tally); /* its zones had other numbers */
    else
        renew_scene(state, view);
}

void venue_state_look(struct venue_state *state, const char *device, int64_t source_track,
                      const int8_t v[LOOKS_DIMS], int64_t now_ms)
{
    uint32_t d = find_device(venue_state_view(state), device);
    if (d != UINT32_MAX)
        handover_look(state->meeting.handover, d, source_track, v, now_ms);
}

void venue_state_forget_looks(struct venue_state *state, int64_t now_ms)
{
    handover_forget_looks(state->meeting.handover, now_ms);
}

/* --- detections --- */

/* Newer than what is shown; or of the same instant, when who is in that is known. */
static bool is_live(const struct camera_state *camera, const struct device *device,
                    int64_t frame_ms, const struct frame_count *earlier, int64_t arrival_ms)
{
    if (frame_ms <= arrival_ms - device->silent_after_ms)
        return false;
    if (camera->frame != NULL && frame_ms == camera->frame->at_ms)
        return earlier != NULL;
    return earlier == NULL && (camera->frame == NULL || frame_ms > camera->frame->at_ms);
}

/* What the counter has just counted. */
static void show_frame(struct venue_state *state, struct camera_state *camera,
                       const struct frame_count *frame, int64_t arrival_ms)
{
    const struct counter *counter = state->counter;
    bool is_more = camera->frame != NULL && camera->frame->at_ms == frame->at_ms;
    size_t shown = is_more ? camera->dot_count : 0;
    size_t count = shown + counter->dot_count;
    camera->dots = mem_resize(camera->dots, (count + 1) * sizeof *camera->dots);
    memcpy(&camera->dots[shown], counter->dots, counter->dot_count * sizeof *counter->dots);
    camera->dot_count = count;
    struct frame_count *now = is_more ? frame_join(camera->frame, frame) : frame_copy_counts(frame);
    mem_free(camera->frame);
    camera->frame = now;
    camera->live_ms = arrival_ms;
}

/* The frame's boxes, to be followed. */
static void follow(struct venue_state *state, uint32_t index, const struct detection_batch *batch,
                   size_t f, const struct batch_arrival *arrival)
{
    size_t first = batch->frame_first[f], count = batch->frame_first[f + 1] - first;
    struct intake_frame frame = {.device = index,
                                 .at_ms = batch->frame_at_ms[f],
                                 .is_in_metres = batch->is_in_metres,
                                 .box_count = count};
    frame.boxes = mem_new_array(count + 1, sizeof *frame.boxes);
    frame.source_tracks = mem_new_array(count + 1, sizeof *frame.source_tracks);
    double step = 1 / batch->scale_xy;
    for (size_t i = 0; i < count; i++) {
        size_t person = first + i;
        struct box *box = &frame.boxes[i];
        frame.source_tracks[i] = batch->track[person];
        if (batch->is_in_metres) {
            *box =
                (struct box){.foot_x = batch->x[person] * step, .foot_y = batch->y[person] * step};
            continue;
        }
        box->width = batch->w[person] * step;
        box->height = batch->h[person] * step;
        box->foot_x = batch->x[person] * step + box->width / 2;
        box->foot_y = batch->y[person] * step + box->height;
    }
    scene_queue_add(&state->queue, frame, arrival->at_ms);
    if (scene_queue_is_full(&state->queue))
        run_groups(state, SCENE_QUEUE_FRAMES);
}

enum frame_shown { FRAME_NOT_SHOWN, FRAME_MAY_BE_SHOWN };

/* True when the live picture changed. */
static bool take_frame(struct venue_state *state, uint32_t index,
                       const struct detection_batch *batch, size_t f,
                       const struct batch_arrival *arrival, enum frame_shown may_show)
{
    const struct device *device = &venue_state_view(state)->devices[index];
    struct camera_state *camera = &state->cameras[index];
    int64_t at_ms = batch->frame_at_ms[f];
    const struct frame_count *earlier = seconds_frame(&state->seconds, index, at_ms);
    bool is_shown =
        may_show == FRAME_MAY_BE_SHOWN && is_live(camera, device, at_ms, earlier, arrival->at_ms);
    struct frame_count *frame = counter_count(state->counter, device, batch, f, earlier,
                                              is_shown ? COUNTER_DOTS : COUNTER_NO_DOTS);
    if (earlier != NULL && frame->person_count == 0) {
        metric_add(&duplicates_total, 1);
        mem_free(frame);
        return false;
    }
    metric_add(earlier == NULL ? &frames_total : &joined_total, 1);
    follow(state, index, batch, f, arrival);
    if (is_shown)
        show_frame(state, camera, frame, arrival->at_ms);
    coverage_learn(&state->coverage, index, frame);
    seconds_add(&state->seconds, index, frame, arrival->stream_ms, arrival->position);
    return is_shown;
}

/* The frames whose time is not too far ahead; they stand in the order of their times. */
static size_t count_fitting(const struct detection_batch *batch, int64_t arrival_ms)
{
    size_t count = batch->frame_count;
    while (count > 0 && batch->frame_at_ms[count - 1] > arrival_ms + LIMIT_FRAME_AHEAD_MS)
        count--;
    return count;
}

bool venue_state_take(struct venue_state *state, const struct detection_batch *batch,
                      struct batch_arrival arrival)
{
    const struct venue_view *view = venue_state_view(state);
    uint32_t index = find_device(view, batch->device);
    if (index == UINT32_MAX) {
        metric_add(&unknown_total, 1);
        return false;
    }
    struct camera_state *camera = &state->cameras[index];
    camera->seen_ms = MAX(camera->seen_ms, arrival.at_ms);
    state->arrived_ms = MAX(state->arrived_ms, arrival.at_ms);
    if (batch->frame_count > 0)
        camera->clock_ahead_ms = batch->frame_at_ms[batch->frame_count - 1] - arrival.at_ms;
    if (view->devices[index].calibration.kind == CALIBRATION_NONE && !batch->is_in_metres)
        return false;
    bool is_changed = false;
    size_t learned = state->coverage.learned_count;
    size_t count = count_fitting(batch, arrival.at_ms);
    metric_add(&ahead_total, (int64_t)(batch->frame_count - count));
    /* Only the last one is shown: dots of the others would be drawn over. */
    for (size_t f = 0; f < count; f++)
        is_changed |= take_frame(state, index, batch, f, &arrival,
                                 f + 1 == count ? FRAME_MAY_BE_SHOWN : FRAME_NOT_SHOWN);
    if (state->coverage.learned_count > learned &&
        crowd_scene_is_outdated(state->scene, state->coverage.covers)) {
        run_groups(state, SCENE_QUEUE_FRAMES);
        renew_scene(state, state->map->view);
    }
    return is_changed;
}

bool venue_state_advance(struct venue_state *state, int64_t stream_ms)
{
    run_groups(state, stream_ms);
    state->seconds.settled_ms = crowd_scene_settled_ms(state->scene, stream_ms);
    bool is_changed = scene_queue_take_moved(&state->queue); /* also while records were taken */
    if (is_changed)
        flow_measure(&state->flow,
                     &(struct flow_ground){state->scene, state->map, state->coverage.covers},
                     state->pool, stream_ms);
    return is_changed;
}

void venue_state_settle(struct venue_state *state, int64_t stream_ms)
{
    state->coverage.learned_count = 0;
    seconds_settle(&state->seconds);
    seconds_forget(&state->seconds, stream_ms);
    if (state->seconds.count > 0)
        tally_forget(&state->tally, state->seconds.all[0]->s - TALLY_BACK_S);
    track_log_settle(&state->tracks);
}
