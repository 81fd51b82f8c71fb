// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/frame.h"

struct counter *counter_create(const struct crowd_map *map)
{
    struct counter *counter = mem_new(sizeof *counter);
    size_t zones = map->view->zone_count + 1;
    counter->map = map;
    counter->people = mem_new_array(zones, sizeof *counter->people);
    counter->first = mem_new_array(zones, sizeof *counter->first);
    counter->touched = mem_new_array(zones, sizeof *counter->touched);
    return counter;
}

void counter_destroy(struct counter *counter)
{
    if (counter == NULL)
        return;
    mem_free(counter->people);
    mem_free(counter->first);
    mem_free(counter->touched);
    mem_free(counter);
}

static inline void touch(struct counter *counter, uint16_t zone)
{
    if (counter->people[zone] + counter->first[zone] == 0)
        counter->touched[counter->touched_count++] = zone;
}

/* Counts one person; tells the first zone. */
static inline uint16_t count_point(struct counter *counter, struct point point)
{
    const struct crowd_map *map = counter->map;
    uint16_t outside = (uint16_t)map->view->zone_count;
    uint16_t first = outside;
    size_t count;
    const struct map_entry *entries = map_cell(map, point, &count);
    for (size_t i = 0; i < count; i++) {
        if (!map_entry_holds(map, &entries[i], point))
            continue;
        uint16_t zone = entries[i].zone;
        touch(counter, zone);
        counter->people[zone]++;
        if (first == outside)
            first = zone;
    }
    touch(counter, first);
    counter->first[first]++;
    return first;
}

static void sort_zones(uint16_t *zones, size_t count)
{
    for (size_t i = 1; i < count; i++) { /* a camera sees a few */
        uint16_t zone = zones[i];
        size_t at = i;
        for (; at > 0 && zones[at - 1] > zone; at--)
            zones[at] = zones[at - 1];
        zones[at] = zone;
    }
}

static struct frame_count *take_counts(struct counter *counter, int64_t at_ms)
{
    size_t count = counter->touched_count;
    struct frame_count *frame = mem_new(sizeof *frame + count * sizeof frame->entries[0]);
    frame->at_ms = at_ms;
    frame->entry_count = (uint32_t)count;
    sort_zones(counter->touched, count);
    for (size_t i = 0; i < count; i++) {
        uint16_t zone = counter->touched[i];
        frame->entries[i] = (struct zone_count){.zone = zone,
                                                .people = (uint16_t)counter->people[zone],
                                                .first = (uint16_t)counter->first[zone]};
        counter->people[zone] = counter->first[zone] = 0;
    }
    counter->touched_count = 0;
    return frame;
}

static inline struct point foot_of(const struct detection_batch *batch, size_t person, double step)
{
    if (batch->is_in_metres)
        return (struct point){batch->x[person] * step, batch->y[person] * step};
    return (struct point){(batch->x[person] + 0.5 * batch->w[person]) * step,
                          ((double)batch->y[person] + batch->h[person]) * step};
}

struct frame_count *counter_count(struct counter *counter, const struct device *device,
                                  const struct detection_batch *batch, size_t frame,
                                  enum counter_dots dots)
{
    static const struct calibration in_metres = {.kind = CALIBRATION_METRES};
    const struct calibration *calibration = batch->is_in_metres ? &in_metres : &device->calibration;
    double step = 1 / batch->scale_xy;
    size_t end =
        MIN(batch->frame_first[frame + 1], batch->frame_first[frame] + LIMIT_FRAME_PERSONS);
    counter->dot_count = 0;
    for (size_t person = batch->frame_first[frame]; person < end; person++) {
        struct point floor;
        if (!calibration_to_floor(calibration, foot_of(batch, person, step), &floor))
            continue;
        uint16_t first = count_point(counter, floor);
        if (dots == COUNTER_DOTS)
            counter->dots[counter->dot_count++] =
                (struct dot){(float)floor.x, (float)floor.y, first};
    }
    return take_counts(counter, batch->frame_at_ms[frame]);
}

struct frame_count *counter_recount(struct counter *counter, struct dot *dots, size_t count,
                                    int64_t at_ms)
{
    for (size_t i = 0; i < count; i++)
        dots[i].first = count_point(counter, (struct point){dots[i].x, dots[i].y});
    return take_counts(counter, at_ms);
}
