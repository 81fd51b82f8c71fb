// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/frame.h"

#include "base/metrics.h"
#include "crowd/count/identities.h"

static struct metric over_limit_total =
    METRIC_COUNTER("muster_crowd_persons_over_limit_total",
                   "Persons left out: more of one device and instant than a frame holds.");

static uint8_t *identities_in(const struct frame_count *frame)
{
    return (uint8_t *)&frame->entries[frame->entry_room];
}

size_t frame_bytes(const struct frame_count *frame)
{
    return sizeof *frame + frame->entry_room * sizeof frame->entries[0] + frame->identity_bytes;
}

static struct frame_count *frame_create(int64_t at_ms, size_t entry_count,
                                        const uint64_t *identities, size_t person_count)
{
    uint8_t packed[LIMIT_FRAME_PERSONS * IDENTITY_BYTES_MAX];
    assert(person_count <= LIMIT_FRAME_PERSONS);
    size_t len = identities_pack(identities, person_count, packed);
    struct frame_count *frame =
        mem_new(sizeof *frame + entry_count * sizeof frame->entries[0] + len);
    frame->at_ms = at_ms;
    frame->person_count = (uint32_t)person_count;
    frame->identity_bytes = (uint32_t)len;
    frame->entry_room = (uint16_t)entry_count;
    memcpy(identities_in(frame), packed, len);
    return frame;
}

struct frame_count *frame_copy_counts(const struct frame_count *frame)
{
    struct frame_count *copy = frame_create(frame->at_ms, frame->entry_count, NULL, 0);
    copy->entry_count = frame->entry_count;
    memcpy(copy->entries, frame->entries, frame->entry_count * sizeof frame->entries[0]);
    return copy;
}

static void put_entry(struct frame_count *frame, const struct zone_count *entry)
{
    size_t count = frame->entry_count;
    if (count == 0 || frame->entries[count - 1].zone != entry->zone) {
        frame->entries[frame->entry_count++] = *entry;
        return;
    }
    struct zone_count *last = &frame->entries[count - 1];
    last->people = (uint16_t)(last->people + entry->people);
    last->first = (uint16_t)(last->first + entry->first);
}

struct frame_count *frame_join(const struct frame_count *a, const struct frame_count *b)
{
    size_t persons = a->person_count + b->person_count;
    SCOPED_MEM uint64_t *identities = mem_new_array(persons + 1, sizeof *identities);
    identities_unpack(identities_in(a), a->person_count, identities);
    identities_unpack(identities_in(b), b->person_count, identities + a->person_count);
    struct frame_count *joined =
        frame_create(a->at_ms, (size_t)a->entry_count + b->entry_count, identities, persons);
    for (size_t i = 0, k = 0; i < a->entry_count || k < b->entry_count;) {
        bool is_from_a =
            k == b->entry_count || (i < a->entry_count && a->entries[i].zone <= b->entries[k].zone);
        put_entry(joined, is_from_a ? &a->entries[i++] : &b->entries[k++]);
    }
    return joined;
}

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
    struct frame_count *frame =
        frame_create(at_ms, count, counter->counted, counter->counted_count);
    frame->entry_count = (uint16_t)count;
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

static void know(struct counter *counter, const struct frame_count *earlier)
{
    counter->dot_count = counter->counted_count = 0;
    counter->known_count = earlier == NULL ? 0 : earlier->person_count;
    if (earlier == NULL)
        return;
    identities_unpack(identities_in(earlier), earlier->person_count, counter->known);
    identities_sort(counter->known, counter->known_count);
}

/* False when the person was in the earlier message, or there is no room. */
static inline bool is_counted_now(struct counter *counter, uint64_t identity)
{
    if (counter->known_count > 0 && identities_hold(counter->known, counter->known_count, identity))
        return false;
    if (counter->known_count + counter->counted_count >= LIMIT_FRAME_PERSONS) {
        metric_add(&over_limit_total, 1);
        return false;
    }
    counter->counted[counter->counted_count++] = identity;
    return true;
}

struct frame_count *counter_count(struct counter *counter, const struct device *device,
                                  const struct detection_batch *batch, size_t frame,
                                  const struct frame_count *earlier, enum counter_dots dots)
{
    static const struct calibration in_metres = {.kind = CALIBRATION_METRES};
    const struct calibration *calibration = batch->is_in_metres ? &in_metres : &device->calibration;
    double step = 1 / batch->scale_xy;
    know(counter, earlier);
    for (size_t person = batch->frame_first[frame]; person < batch->frame_first[frame + 1];
         person++) {
        struct point floor;
        if (!is_counted_now(counter, identity_of(batch, person)) ||
            !calibration_to_floor(calibration, foot_of(batch, person, step), &floor))
            continue;
        uint16_t first = count_point(counter, floor);
        if (dots == COUNTER_DOTS)
            counter->dots[counter->dot_count++] = (struct dot){floor.x, floor.y, first};
    }
    return take_counts(counter, batch->frame_at_ms[frame]);
}

struct frame_count *counter_recount(struct counter *counter, struct dot *dots, size_t count,
                                    int64_t at_ms)
{
    know(counter, NULL);
    for (size_t i = 0; i < count; i++)
        dots[i].first = count_point(counter, (struct point){dots[i].x, dots[i].y});
    return take_counts(counter, at_ms);
}
