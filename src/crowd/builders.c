// SPDX-License-Identifier: Apache-2.0
#include "crowd/builders.h"

#include "base/text.h"

#include <math.h>

static void view_destroy(struct shared *shared)
{
    struct venue_view *view = (struct venue_view *)shared;
    for (size_t z = 0; z < view->zone_count; z++)
        mem_free(view->zones[z].ring);
    for (size_t d = 0; d < view->device_count; d++)
        mem_free(view->devices[d].sees);
    for (size_t l = 0; l < view->line_count; l++)
        mem_free(view->lines[l].points);
    mem_free(view->lines);
    mem_free(view->zones);
    mem_free(view->devices);
    mem_free(view);
}

static struct zone build_zone(const struct zone_box *box)
{
    struct zone zone = {.ring_len = 4,
                        .area_m2 = (box->x1 - box->x0) * (box->y1 - box->y0),
                        .amber_m2 = 1,
                        .orange_m2 = 2,
                        .red_m2 = 3};
    const struct point ring[] = {
        {box->x0, box->y0}, {box->x1, box->y0}, {box->x1, box->y1}, {box->x0, box->y1}};
    zone.ring = mem_copy(ring, sizeof ring);
    (void)text_copy(zone.id, sizeof zone.id, box->id);
    return zone;
}

struct venue_view *build_view(const struct zone_box *boxes, size_t box_count,
                              const char *const *cameras)
{
    struct venue_view *view = mem_new(sizeof *view);
    shared_init(&view->shared, view_destroy);
    (void)text_copy(view->event, sizeof view->event, "demo");
    (void)text_copy(view->id, sizeof view->id, "park");
    (void)text_copy(view->key, sizeof view->key, "demo/park");
    view->version = 1;
    view->zones = mem_new_array(box_count + 1, sizeof *view->zones);
    for (size_t i = 0; i < box_count; i++)
        view->zones[view->zone_count++] = build_zone(&boxes[i]);
    size_t count = 0;
    while (cameras[count] != NULL)
        count++;
    view->devices = mem_new_array(count + 1, sizeof *view->devices);
    for (size_t d = 0; d < count; d++) {
        struct device *device = &view->devices[view->device_count++];
        (void)text_copy(device->id, sizeof device->id, cameras[d]);
        device->calibration.kind = CALIBRATION_METRES;
        device->silent_after_ms = 5000;
        device->index = (uint32_t)d;
    }
    return view;
}

void build_line(struct venue_view *view, const char *id, struct point a, struct point b)
{
    const struct point points[] = {a, b};
    struct venue_line line = {.point_count = 2,
                              .length_m = hypot(b.x - a.x, b.y - a.y),
                              .left_zone = LINE_NO_ZONE,
                              .right_zone = LINE_NO_ZONE};
    line.points = mem_copy(points, sizeof points);
    line.width_m = line.length_m;
    (void)text_copy(line.id, sizeof line.id, id);
    view->lines = mem_resize(view->lines, (view->line_count + 1) * sizeof *view->lines);
    view->lines[view->line_count++] = line;
}

struct device *build_device(struct venue_view *view, const char *id)
{
    for (size_t d = 0; d < view->device_count; d++) {
        if (strcmp(view->devices[d].id, id) == 0)
            return &view->devices[d];
    }
    assert(!"a device of that name");
    return NULL;
}

static void batch_destroy(struct shared *shared)
{
    struct detection_batch *batch = (struct detection_batch *)shared;
    mem_free(batch->frame_at_ms);
    mem_free(batch->frame_first);
    mem_free(batch->x);
    mem_free(batch->y);
    mem_free(batch->w);
    mem_free(batch->h);
    mem_free(batch->track);
    mem_free(batch->confidence);
    mem_free(batch);
}

struct detection_batch *build_batch(const char *device, const int64_t *times_ms,
                                    const struct point *people, size_t count)
{
    struct detection_batch *batch = mem_new(sizeof *batch);
    shared_init(&batch->shared, batch_destroy);
    (void)text_copy(batch->device, sizeof batch->device, device);
    batch->is_in_metres = true;
    batch->scale_xy = 1000;
    batch->scale_confidence = 255;
    size_t frames = 0;
    while (times_ms[frames] != 0)
        frames++;
    batch->frame_count = frames;
    batch->person_count = frames * count;
    batch->frame_at_ms = mem_copy(times_ms, (frames + 1) * sizeof *times_ms);
    batch->frame_first = mem_new_array(frames + 1, sizeof *batch->frame_first);
    batch->x = mem_new_array(batch->person_count + 1, sizeof *batch->x);
    batch->y = mem_new_array(batch->person_count + 1, sizeof *batch->y);
    batch->w = mem_new_array(batch->person_count + 1, sizeof *batch->w);
    batch->h = mem_new_array(batch->person_count + 1, sizeof *batch->h);
    batch->track = mem_new_array(batch->person_count + 1, sizeof *batch->track);
    batch->confidence = mem_new_array(batch->person_count + 1, sizeof *batch->confidence);
    for (size_t f = 0; f < frames; f++) {
        batch->frame_first[f + 1] = (uint32_t)((f + 1) * count);
        for (size_t i = 0; i < count; i++) {
            batch->track[f * count + i] = (int64_t)i;
            batch->x[f * count + i] = (int32_t)lround(people[i].x * 1000);
            batch->y[f * count + i] = (int32_t)lround(people[i].y * 1000);
        }
    }
    return batch;
}

bool build_take(struct venue_state *state, struct detection_batch *batch, int64_t arrival_ms,
                int64_t position)
{
    struct batch_arrival arrival = {
        .at_ms = arrival_ms, .stream_ms = arrival_ms, .position = position};
    bool is_changed = venue_state_take(state, batch, arrival);
    shared_unref(&batch->shared);
    return is_changed;
}
