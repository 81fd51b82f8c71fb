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

/* What one group of cameras says of the zones, while a picture is made; the outside is one more zone. */
struct group_counts {
    uint32_t *people; /* by zone */
    uint32_t *first;
    uint32_t *best; /* the camera that has most firsts there */
    uint16_t *touched;
    size_t touched_count;
};

struct drawing {
    const struct venue_state *state;
    struct crowd_picture *picture;
    struct group_counts group;
    int64_t total;
    bool is_anybody_alive;
    struct dots *dots; /* may be NULL */
};

static void touch(struct group_counts *group, uint16_t zone)
{
    if (group->people[zone] + group->first[zone] == 0)
        group->touched[group->touched_count++] = zone;
}

static void add_dot(struct dots *dots, double x, double y)
{
    if (dots->count == dots->size) {
        dots->size = dots->size == 0 ? 256 : 2 * dots->size;
        dots->all = mem_resize(dots->all, dots->size * sizeof *dots->all);
    }
    dots->all[dots->count++] = (struct dot){.x = x, .y = y};
}

enum camera_life { CAMERA_SILENT, CAMERA_ALIVE };

/* `seen_ms`: the newest time that is in the counts of the device's group. */
static void count_covers(const struct venue_state *state, uint32_t device, enum camera_life life,
                         int64_t seen_ms, struct crowd_picture *picture)
{
    const uint64_t *covered = coverage_of(&state->coverage, device);
    for (size_t w = 0; w < state->coverage.words; w++) {
        for (uint64_t bits = covered[w]; bits != 0; bits &= bits - 1) {
            struct crowd_zone_state *zone = &picture->zones[64 * w + (size_t)__builtin_ctzll(bits)];
            zone->cameras_expected++;
            if (life == CAMERA_SILENT)
                continue;
            zone->cameras++;
            zone->people = MAX(zone->people, 0);
            zone->seen_ms = MAX(zone->seen_ms, seen_ms);
        }
    }
}

/* A camera whose zones are not all known beforehand covers those where it sees somebody. */
static void count_sights(struct drawing *drawing, uint32_t device, int64_t seen_ms)
{
    const struct venue_state *state = drawing->state;
    const struct frame_count *frame = state->cameras[device].frame;
    size_t outside = venue_state_view(state)->zone_count;
    for (size_t e = 0; e < frame->entry_count; e++) {
        uint16_t index = frame->entries[e].zone;
        if (index == outside || coverage_has(&state->coverage, device, index))
            continue;
        struct crowd_zone_state *zone = &drawing->picture->zones[index];
        zone->people = MAX(zone->people, 0);
        zone->seen_ms = MAX(zone->seen_ms, seen_ms);
        zone->cameras++;
        zone->cameras_expected++;
    }
}

/* Largest camera: of the cameras of a group, which see the same people, the one that sees most. */
static void offer_camera(struct drawing *drawing, uint32_t device)
{
    struct group_counts *group = &drawing->group;
    const struct frame_count *frame = drawing->state->cameras[device].frame;
    for (size_t e = 0; e < frame->entry_count; e++) {
        const struct zone_count *entry = &frame->entries[e];
        touch(group, entry->zone);
        group->people[entry->zone] = MAX(group->people[entry->zone], entry->people);
        if (entry->first > group->first[entry->zone]) {
            group->first[entry->zone] = entry->first;
            group->best[entry->zone] = device;
        }
    }
}

static void draw_best(struct drawing *drawing, uint32_t device)
{
    const struct camera_state *camera = &drawing->state->cameras[device];
    for (size_t i = 0; drawing->dots != NULL && i < camera->dot_count; i++) {
        const struct dot *dot = &camera->dots[i];
        if (drawing->group.best[dot->first] == device)
            add_dot(drawing->dots, dot->x, dot->y);
    }
}

static void count_people(struct drawing *drawing, const struct tracker_person *people, size_t count)
{
    struct group_counts *group = &drawing->group;
    for (size_t i = 0; i < count; i++) {
        struct point place = {people[i].x, people[i].y};
        struct zone_hits hits = map_zones(drawing->state->map, place);
        for (size_t k = 0; k < hits.count; k++) {
            touch(group, hits.zones[k]);
            group->people[hits.zones[k]]++;
        }
        touch(group, hits.first);
        group->first[hits.first]++;
        if (drawing->dots != NULL)
            add_dot(drawing->dots, place.x, place.y);
    }
}

static void settle_group(struct drawing *drawing)
{
    struct group_counts *group = &drawing->group;
    size_t outside = drawing->picture->zone_count;
    for (size_t i = 0; i < group->touched_count; i++) {
        uint16_t place = group->touched[i];
        drawing->total += group->first[place];
        if (place != outside && group->people[place] > 0) {
            struct crowd_zone_state *zone = &drawing->picture->zones[place];
            zone->people = MAX(zone->people, 0) + group->people[place];
        }
        group->people[place] = group->first[place] = 0;
        group->best[place] = UINT32_MAX;
    }
    group->touched_count = 0;
}

/* One camera alone counts nobody twice: what it sees now is shown at once, without waiting until each
 * newcomer is certain. */
static bool is_one_camera(const struct venue_state *state, const struct camera_group *cameras,
                          int64_t now_ms)
{
    size_t alive = 0;
    for (size_t i = 0; i < cameras->device_count; i++) {
        uint32_t d = cameras->devices[i];
        alive += is_alive(&state->cameras[d], &venue_state_view(state)->devices[d], now_ms);
    }
    return alive <= 1;
}

static void draw_group(struct drawing *drawing, uint32_t index, int64_t now_ms)
{
    const struct venue_state *state = drawing->state;
    const struct camera_group *cameras = crowd_scene_group(state->scene, index);
    size_t count = 0;
    const struct tracker_person *people = NULL;
    if (!is_one_camera(state, cameras, now_ms))
        people = crowd_scene_people(state->scene, index, now_ms, &count);
    if (people != NULL)
        count_people(drawing, people, count);
    for (size_t i = 0; i < cameras->device_count; i++) {
        uint32_t d = cameras->devices[i];
        const struct device *device = &venue_state_view(state)->devices[d];
        if (is_alive(&state->cameras[d], device, now_ms)) {
            drawing->is_anybody_alive = true;
            int64_t seen_ms = people != NULL ? crowd_scene_group_at_ms(state->scene, index)
                                             : state->cameras[d].frame->at_ms;
            count_covers(state, d, CAMERA_ALIVE, seen_ms, drawing->picture);
            count_sights(drawing, d, seen_ms);
            if (people == NULL)
                offer_camera(drawing, d);
        } else if (device->kind == DEVICE_CAMERA) {
            count_covers(state, d, CAMERA_SILENT, 0, drawing->picture);
        }
    }
    for (size_t i = 0; people == NULL && i < cameras->device_count; i++)
        draw_best(drawing, cameras->devices[i]);
    settle_group(drawing);
}

static void tell_devices(const struct venue_state *state, struct crowd_picture *picture,
                         int64_t now_ms)
{
    const struct venue_view *view = venue_state_view(state);
    for (uint32_t d = 0; d < view->device_count; d++) {
        const struct camera_state *camera = &state->cameras[d];
        struct crowd_device_state *device = &picture->devices[d];
        device->last_seen_ms = camera->seen_ms;
        device->is_silent =
            camera->seen_ms == 0 || now_ms - camera->seen_ms > view->devices[d].silent_after_ms;
        if (camera->seen_ms != 0)
            device->clock_ahead_ms = camera->clock_ahead_ms;
        device->trust = crowd_scene_trust(state->scene, d);
    }
}

static void finish_zones(const struct venue_state *state, struct crowd_picture *picture)
{
    const struct venue_view *view = venue_state_view(state);
    for (size_t z = 0; z < view->zone_count; z++) {
        struct crowd_zone_state *zone = &picture->zones[z];
        if (zone->people == CROWD_UNKNOWN)
            continue;
        double area_m2 = settled_area_m2(&state->settled, z);
        zone->density_m2 = (double)zone->people / area_m2;
        zone->flow = flow_of(&state->flow, z);
        /* One person more or less is a level in a small area: there, Voronoi's where it is known. */
        bool is_fair = area_m2 >= DENSITY_CLASSIC_M2_MIN || !zone->flow.is_known;
        zone->level =
            crowd_level_decide(&view->zones[z], is_fair ? zone->density_m2 : zone->flow.voronoi_m2);
    }
}

struct crowd_picture *venue_state_picture(const struct venue_state *state, int64_t now_ms,
                                          struct dots *inout_dots)
{
    const struct venue_view *view = venue_state_view(state);
    size_t places = view->zone_count + 1;
    SCOPED_MEM uint32_t *counts = mem_new_array(3 * places, sizeof *counts);
    SCOPED_MEM uint16_t *touched = mem_new_array(places, sizeof *touched);
    struct drawing drawing = {
        .state = state,
        .picture = picture_create(view, now_ms),
        .group = {counts, counts + places, counts + 2 * places, touched, 0},
        .dots = inout_dots,
    };
    memset(drawing.group.best, 0xff, places * sizeof *drawing.group.best);
    if (inout_dots != NULL)
        inout_dots->count = 0;
    tell_devices(state, drawing.picture, now_ms);
    for (uint32_t g = 0; g < crowd_scene_group_count(state->scene); g++)
        draw_group(&drawing, g, now_ms);
    finish_zones(state, drawing.picture);
    drawing.picture->people = drawing.is_anybody_alive ? drawing.total : CROWD_UNKNOWN;
    return drawing.picture;
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
