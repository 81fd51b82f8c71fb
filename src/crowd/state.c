// SPDX-License-Identifier: Apache-2.0
#include "crowd/state.h"

#include "base/metrics.h"

static struct metric frames_total =
    METRIC_COUNTER("muster_crowd_frames_total", "Camera frames counted.");
static struct metric duplicates_total =
    METRIC_COUNTER("muster_crowd_duplicate_frames_total", "Frames that had been counted already.");
static struct metric ahead_total = METRIC_COUNTER(
    "muster_crowd_frames_ahead_total", "Frames left out: their time lies in the future.");
static struct metric unknown_total =
    METRIC_COUNTER("muster_crowd_unknown_device_batches_total",
                   "Batches of devices that the venue no longer has.");

/* --- coverage --- */

static void set_cover(struct venue_state *state, uint32_t device, uint16_t zone)
{
    state->covers[device * venue_state_words(state) + zone / 64] |= 1ULL << (zone % 64);
}

static bool has_cover(const struct venue_state *state, uint32_t device, uint16_t zone)
{
    return (state->covers[device * venue_state_words(state) + zone / 64] >> (zone % 64) & 1) != 0;
}

static void init_coverage(struct venue_state *state)
{
    const struct venue_view *view = venue_state_view(state);
    size_t words = venue_state_words(state);
    state->covers = mem_new_array(view->device_count * words + 1, sizeof *state->covers);
    state->is_learning = mem_new_array(view->device_count + 1, sizeof *state->is_learning);
    for (size_t d = 0; d < view->device_count; d++)
        state->is_learning[d] =
            !map_coverage(state->map, &view->devices[d], &state->covers[d * words]);
}

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
    if (d != UINT32_MAX && z != UINT32_MAX && state->is_learning[d])
        set_cover(state, d, (uint16_t)z);
}

static void learn(struct venue_state *state, uint32_t device, const struct frame_count *frame)
{
    struct camera_state *camera = &state->cameras[device];
    size_t zones = venue_state_view(state)->zone_count;
    if (camera->sightings == NULL)
        camera->sightings = mem_new_array(zones + 1, 1);
    for (size_t e = 0; e < frame->entry_count; e++) {
        uint16_t zone = frame->entries[e].zone;
        if (zone == zones || has_cover(state, device, zone) ||
            ++camera->sightings[zone] < STATE_SIGHTINGS)
            continue;
        set_cover(state, device, zone);
        state->learned =
            mem_resize(state->learned, (state->learned_count + 1) * sizeof *state->learned);
        state->learned[state->learned_count++] = (struct learned){device, zone};
    }
}

/* --- life --- */

struct venue_state *venue_state_create(struct venue_view *view, int64_t complete_from_s,
                                       int64_t lateness_ms)
{
    struct venue_state *state = mem_new(sizeof *state);
    state->map = crowd_map_create(view);
    state->counter = counter_create(state->map);
    state->cameras = mem_new_array(view->device_count + 1, sizeof *state->cameras);
    init_coverage(state);
    seconds_init(&state->seconds, complete_from_s, lateness_ms);
    return state;
}

static void camera_fini(struct camera_state *camera)
{
    mem_free(camera->frame);
    mem_free(camera->dots);
    mem_free(camera->sightings);
    *camera = (struct camera_state){.seen_ms = 0};
}

static void drop_ground(struct venue_state *state)
{
    for (size_t d = 0; d < venue_state_view(state)->device_count; d++)
        camera_fini(&state->cameras[d]);
    mem_free(state->cameras);
    mem_free(state->covers);
    mem_free(state->is_learning);
    counter_destroy(state->counter);
    crowd_map_destroy(state->map);
}

void venue_state_destroy(struct venue_state *state)
{
    if (state == NULL)
        return;
    drop_ground(state);
    mem_free(state->learned);
    seconds_fini(&state->seconds);
    mem_free(state);
}

static void move_camera(struct venue_state *to, uint32_t device, struct camera_state *from)
{
    struct camera_state *camera = &to->cameras[device];
    camera->seen_ms = from->seen_ms;
    camera->live_ms = from->live_ms;
    camera->dots = TAKE(from->dots);
    camera->dot_count = from->dot_count;
    if (from->frame != NULL)
        camera->frame =
            counter_recount(to->counter, camera->dots, camera->dot_count, from->frame->at_ms);
}

static void move_learned(struct venue_state *to, const struct venue_state *from, uint32_t device,
                         const uint32_t *zones, uint32_t new_device)
{
    for (uint16_t z = 0; z < venue_state_view(from)->zone_count; z++) {
        if (from->is_learning[device] && to->is_learning[new_device] &&
            has_cover(from, device, z) && zones[z] != UINT32_MAX)
            set_cover(to, new_device, (uint16_t)zones[z]);
    }
}

void venue_state_move(struct venue_state *state, struct venue_view *view)
{
    const struct venue_view *old = venue_state_view(state);
    struct venue_state *moved = venue_state_create(view, 0, 0);
    SCOPED_MEM uint32_t *zones = mem_new_array(old->zone_count + 1, sizeof *zones);
    SCOPED_MEM uint32_t *devices = mem_new_array(old->device_count + 1, sizeof *devices);
    for (size_t z = 0; z < old->zone_count; z++)
        zones[z] = find_zone(view, old->zones[z].id);
    zones[old->zone_count] = (uint32_t)view->zone_count;
    for (uint32_t d = 0; d < old->device_count; d++) {
        devices[d] = find_device(view, old->devices[d].id);
        if (devices[d] == UINT32_MAX)
            continue;
        move_camera(moved, devices[d], &state->cameras[d]);
        move_learned(moved, state, d, zones, devices[d]);
    }
    for (size_t i = 0; i < state->learned_count; i++) {
        uint32_t zone = zones[state->learned[i].zone], device = devices[state->learned[i].device];
        if (zone == UINT32_MAX || device == UINT32_MAX)
            continue;
        state->learned[moved->learned_count++] = (struct learned){device, (uint16_t)zone};
    }
    seconds_renumber(&state->seconds, zones, devices);
    drop_ground(state);
    state->map = TAKE(moved->map);
    state->counter = TAKE(moved->counter);
    state->cameras = TAKE(moved->cameras);
    state->covers = TAKE(moved->covers);
    state->is_learning = TAKE(moved->is_learning);
    state->learned_count = moved->learned_count;
    mem_free(moved);
}

/* --- detections --- */

static struct frame_count *copy_frame(const struct frame_count *frame)
{
    return mem_copy(frame, sizeof *frame + frame->entry_count * sizeof frame->entries[0]);
}

static bool is_live(const struct camera_state *camera, const struct device *device,
                    int64_t frame_ms, int64_t arrival_ms)
{
    return frame_ms > arrival_ms - device->silent_after_ms &&
           (camera->frame == NULL || frame_ms > camera->frame->at_ms);
}

static void show_frame(struct venue_state *state, struct camera_state *camera,
                       const struct frame_count *frame, int64_t arrival_ms)
{
    const struct counter *counter = state->counter;
    mem_free(camera->frame);
    mem_free(camera->dots);
    camera->frame = copy_frame(frame);
    camera->dots = mem_copy(counter->dots, (counter->dot_count + 1) * sizeof *counter->dots);
    camera->dot_count = counter->dot_count;
    camera->live_ms = arrival_ms;
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
    const struct device *device = &view->devices[index];
    struct camera_state *camera = &state->cameras[index];
    bool is_changed = false;
    camera->seen_ms = MAX(camera->seen_ms, arrival.at_ms);
    if (device->calibration.kind == CALIBRATION_NONE && !batch->is_in_metres)
        return false;
    for (size_t f = 0; f < batch->frame_count; f++) {
        int64_t at_ms = batch->frame_at_ms[f];
        if (at_ms > arrival.at_ms + STATE_AHEAD_MAX_MS) {
            metric_add(&ahead_total, 1);
            continue;
        }
        /* Only a batch's last frame is shown: dots of the others would be drawn over. */
        bool is_shown =
            f + 1 == batch->frame_count && is_live(camera, device, at_ms, arrival.at_ms);
        struct frame_count *frame = counter_count(state->counter, device, batch, f,
                                                  is_shown ? COUNTER_DOTS : COUNTER_NO_DOTS);
        if (is_shown)
            show_frame(state, camera, frame, arrival.at_ms);
        if (state->is_learning[index])
            learn(state, index, frame);
        is_changed |= is_shown;
        bool is_new =
            seconds_add(&state->seconds, index, frame, arrival.stream_ms, arrival.position);
        metric_add(is_new ? &frames_total : &duplicates_total, 1);
    }
    return is_changed;
}

/* --- the picture --- */

static void picture_destroy(struct shared *shared)
{
    struct crowd_picture *picture = (struct crowd_picture *)shared;
    mem_free(picture->zones);
    mem_free(picture->devices);
    mem_free(picture);
}

static struct crowd_picture *picture_create(const struct venue_view *view, int64_t now_ms)
{
    struct crowd_picture *picture = mem_new(sizeof *picture);
    shared_init(&picture->shared, picture_destroy);
    picture->at_ms = now_ms;
    picture->people = CROWD_UNKNOWN;
    picture->zone_count = view->zone_count;
    picture->zones = mem_new_array(view->zone_count + 1, sizeof *picture->zones);
    picture->device_count = view->device_count;
    picture->devices = mem_new_array(view->device_count + 1, sizeof *picture->devices);
    for (size_t z = 0; z < view->zone_count; z++) {
        memcpy(picture->zones[z].id, view->zones[z].id, sizeof picture->zones[z].id);
        picture->zones[z].people = CROWD_UNKNOWN;
    }
    for (size_t d = 0; d < view->device_count; d++) {
        memcpy(picture->devices[d].id, view->devices[d].id, sizeof picture->devices[d].id);
        picture->devices[d].is_silent = true;
    }
    return picture;
}

struct crowd_picture *crowd_picture_unknown(const struct venue_view *view, int64_t now_ms)
{
    return picture_create(view, now_ms);
}

static bool is_alive(const struct camera_state *camera, const struct device *device, int64_t now_ms)
{
    return camera->frame != NULL && now_ms - camera->live_ms <= device->silent_after_ms;
}

struct tally { /* of a picture while it is made */
    struct crowd_picture *picture;
    uint32_t *best;       /* camera by zone and outside */
    uint16_t *best_first; /* its people there */
    bool is_anybody_alive;
};

static void count_covers(const struct venue_state *state, uint32_t device, struct tally *tally)
{
    size_t words = venue_state_words(state);
    for (size_t w = 0; w < words; w++) {
        for (uint64_t bits = state->covers[device * words + w]; bits != 0; bits &= bits - 1) {
            struct crowd_zone_state *zone =
                &tally->picture->zones[64 * w + (size_t)__builtin_ctzll(bits)];
            zone->cameras++;
            zone->people = MAX(zone->people, 0);
        }
    }
}

static void count_camera(const struct venue_state *state, uint32_t device, struct tally *tally)
{
    const struct frame_count *frame = state->cameras[device].frame;
    size_t outside = venue_state_view(state)->zone_count;
    tally->is_anybody_alive = true;
    count_covers(state, device, tally);
    for (size_t e = 0; e < frame->entry_count; e++) {
        const struct zone_count *entry = &frame->entries[e];
        if (entry->zone != outside) {
            struct crowd_zone_state *zone = &tally->picture->zones[entry->zone];
            zone->people = MAX(zone->people, entry->people);
            zone->cameras += !has_cover(state, device, entry->zone);
        }
        if (entry->first > tally->best_first[entry->zone]) {
            tally->best_first[entry->zone] = entry->first;
            tally->best[entry->zone] = device;
        }
    }
}

static void finish_zones(const struct venue_view *view, struct tally *tally)
{
    struct crowd_picture *picture = tally->picture;
    picture->people = tally->is_anybody_alive ? tally->best_first[view->zone_count] : CROWD_UNKNOWN;
    for (size_t z = 0; z < view->zone_count; z++) {
        struct crowd_zone_state *zone = &picture->zones[z];
        if (tally->is_anybody_alive)
            picture->people += tally->best_first[z];
        if (zone->people == CROWD_UNKNOWN)
            continue;
        zone->density_m2 = (double)zone->people / view->zones[z].area_m2;
        zone->level = crowd_level_decide(&view->zones[z], zone->density_m2);
    }
}

struct crowd_picture *venue_state_picture(const struct venue_state *state, int64_t now_ms,
                                          uint32_t *inout_best)
{
    const struct venue_view *view = venue_state_view(state);
    size_t places = view->zone_count + 1;
    SCOPED_MEM uint32_t *best = mem_new_array(places, sizeof *best);
    SCOPED_MEM uint16_t *best_first = mem_new_array(places, sizeof *best_first);
    memset(best, 0xff, places * sizeof *best);
    struct tally tally = {
        .picture = picture_create(view, now_ms), .best = best, .best_first = best_first};
    for (uint32_t d = 0; d < view->device_count; d++) {
        const struct camera_state *camera = &state->cameras[d];
        struct crowd_device_state *device = &tally.picture->devices[d];
        device->last_seen_ms = camera->seen_ms;
        device->is_silent =
            camera->seen_ms == 0 || now_ms - camera->seen_ms > view->devices[d].silent_after_ms;
        if (is_alive(camera, &view->devices[d], now_ms))
            count_camera(state, d, &tally);
    }
    finish_zones(view, &tally);
    if (inout_best != NULL)
        memcpy(inout_best, best, places * sizeof *best);
    return tally.picture;
}

const char *const crowd_level_names[] = {"unknown", "green", "amber", "orange", "red", NULL};

enum crowd_level crowd_level_decide(const struct zone *zone, double density_m2)
{
    if (density_m2 >= zone->red_m2)
        return CROWD_LEVEL_RED;
    if (density_m2 >= zone->orange_m2)
        return CROWD_LEVEL_ORANGE;
    if (density_m2 >= zone->amber_m2)
        return CROWD_LEVEL_AMBER;
    return CROWD_LEVEL_GREEN;
}
