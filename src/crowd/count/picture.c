// SPDX-License-Identifier: Apache-2.0
#include "crowd/state.h"

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
        picture->devices[d].clock_ahead_ms = CROWD_CLOCK_UNKNOWN;
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

enum camera_life { CAMERA_SILENT, CAMERA_ALIVE };

static void count_covers(const struct venue_state *state, uint32_t device, enum camera_life life,
                         struct tally *tally)
{
    const uint64_t *covered = coverage_of(&state->coverage, device);
    for (size_t w = 0; w < state->coverage.words; w++) {
        for (uint64_t bits = covered[w]; bits != 0; bits &= bits - 1) {
            struct crowd_zone_state *zone =
                &tally->picture->zones[64 * w + (size_t)__builtin_ctzll(bits)];
            zone->cameras_expected++;
            if (life == CAMERA_SILENT)
                continue;
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
    count_covers(state, device, CAMERA_ALIVE, tally);
    for (size_t e = 0; e < frame->entry_count; e++) {
        const struct zone_count *entry = &frame->entries[e];
        if (entry->zone != outside) {
            struct crowd_zone_state *zone = &tally->picture->zones[entry->zone];
            zone->people = MAX(zone->people, entry->people);
            zone->cameras += !coverage_has(&state->coverage, device, entry->zone);
            zone->cameras_expected += !coverage_has(&state->coverage, device, entry->zone);
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
        if (camera->seen_ms != 0)
            device->clock_ahead_ms = camera->clock_ahead_ms;
        if (is_alive(camera, &view->devices[d], now_ms))
            count_camera(state, d, &tally);
        else if (view->devices[d].kind == DEVICE_CAMERA)
            count_covers(state, d, CAMERA_SILENT, &tally);
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
