// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/relay.h"

#define NOWHERE UINT32_MAX

struct entry {
    int64_t source;
    uint64_t id;
    double x, y;
    uint32_t before, after; /* the same person in the step before and after, or NOWHERE */
};

struct told { /* one step */
    int64_t at_ms;
    struct entry *entries; /* owned; by source */
    size_t count;
};

struct known { /* a number that is somebody's; by source */
    int64_t source;
    uint64_t id;
    int64_t seen_ms;
};

struct relay {
    const struct floor *floor;
    uint64_t *next_id;
    uint64_t id_step;
    struct told steps[RELAY_STEPS_MAX]; /* by time; the settled ones first */
    size_t step_count, settled_count;
    struct known *known;
    size_t known_count;
    struct tracker_person *people;
    size_t people_count;
};

struct relay *relay_create(const struct floor *floor, uint64_t *next_id, uint64_t id_step)
{
    struct relay *relay = mem_new(sizeof *relay);
    relay->floor = floor;
    relay->next_id = next_id;
    relay->id_step = id_step;
    return relay;
}

static void drop_steps(struct relay *relay, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(relay->steps[i].entries);
    relay->step_count -= count;
    relay->settled_count -= MIN(count, relay->settled_count);
    memmove(&relay->steps[0], &relay->steps[count], relay->step_count * sizeof relay->steps[0]);
}

void relay_destroy(struct relay *relay)
{
    if (relay == NULL)
        return;
    drop_steps(relay, relay->step_count);
    mem_free(relay->known);
    mem_free(relay->people);
    mem_free(relay);
}

bool relay_fits(const struct tracker_frame *frame)
{
    if (!frame->is_in_metres)
        return false;
    for (size_t i = 0; i < frame->box_count; i++) {
        if (frame->source_tracks == NULL || frame->source_tracks[i] < 0)
            return false;
    }
    return true;
}

/* --- a step --- */

static int by_source(const void *a, const void *b)
{
    int64_t x = ((const struct entry *)a)->source, y = ((const struct entry *)b)->source;
    return (x > y) - (x < y);
}

static struct told read_frame(const struct relay *relay, int64_t at_ms,
                              const struct tracker_frame *frame)
{
    struct told told = {.at_ms = at_ms};
    size_t placed = 0;
    told.entries = mem_new_array(frame->box_count + 1, sizeof *told.entries);
    for (size_t i = 0; i < frame->box_count; i++) {
        const struct box *box = &frame->boxes[i];
        if (floor_holds(relay->floor, box->foot_x, box->foot_y))
            told.entries[placed++] = (struct entry){.source = frame->source_tracks[i],
                                                    .x = box->foot_x,
                                                    .y = box->foot_y,
                                                    .before = NOWHERE,
                                                    .after = NOWHERE};
    }
    qsort(told.entries, placed, sizeof *told.entries, by_source);
    for (size_t i = 0; i < placed; i++) {
        if (i == 0 || told.entries[i].source != told.entries[i - 1].source)
            told.entries[told.count++] = told.entries[i];
    }
    return told;
}

/* Who has which number; both are in the order of numbers. */
static void name_people(struct relay *relay, struct told *told)
{
    struct known *known = mem_new_array(relay->known_count + told->count + 1, sizeof *known);
    size_t count = 0, k = 0;
    for (size_t i = 0; i < told->count; i++) {
        struct entry *entry = &told->entries[i];
        for (; k < relay->known_count && relay->known[k].source < entry->source; k++) {
            if (told->at_ms - relay->known[k].seen_ms < RELAY_FORGET_MS)
                known[count++] = relay->known[k];
        }
        bool is_known = k < relay->known_count && relay->known[k].source == entry->source;
        bool is_same = is_known && told->at_ms - relay->known[k].seen_ms < RELAY_FORGET_MS;
        entry->id = is_same ? relay->known[k].id : *relay->next_id;
        *relay->next_id += is_same ? 0 : relay->id_step;
        known[count++] = (struct known){entry->source, entry->id, told->at_ms};
        k += is_known;
    }
    for (; k < relay->known_count; k++) {
        if (told->at_ms - relay->known[k].seen_ms < RELAY_FORGET_MS)
            known[count++] = relay->known[k];
    }
    mem_free(relay->known);
    relay->known = known;
    relay->known_count = count;
}

static void link_steps(struct told *before, struct told *now)
{
    size_t b = 0;
    for (size_t i = 0; i < now->count; i++) {
        while (b < before->count && before->entries[b].source < now->entries[i].source)
            b++;
        if (b == before->count || before->entries[b].id != now->entries[i].id)
            continue;
        now->entries[i].before = (uint32_t)b;
        before->entries[b].after = (uint32_t)i;
    }
}

struct instant {
    int64_t at_ms;
    double x, y;
};

/* Where the person was up to RELAY_SPAN_MS away, or as far as they are known. */
static struct instant look_back(const struct relay *relay, size_t step, uint32_t index)
{
    int64_t at_ms = relay->steps[step].at_ms;
    const struct entry *entry = &relay->steps[step].entries[index];
    while (step > 0 && entry->before != NOWHERE && at_ms - relay->steps[step].at_ms < RELAY_SPAN_MS)
        entry = &relay->steps[--step].entries[entry->before];
    return (struct instant){relay->steps[step].at_ms, entry->x, entry->y};
}

static struct instant look_ahead(const struct relay *relay, size_t step, uint32_t index)
{
    int64_t at_ms = relay->steps[step].at_ms;
    const struct entry *entry = &relay->steps[step].entries[index];
    while (entry->after != NOWHERE && relay->steps[step].at_ms - at_ms < RELAY_SPAN_MS)
        entry = &relay->steps[++step].entries[entry->after];
    return (struct instant){relay->steps[step].at_ms, entry->x, entry->y};
}

static struct tracker_person person_of(const struct relay *relay, size_t step, uint32_t index)
{
    const struct entry *entry = &relay->steps[step].entries[index];
    struct instant a = look_back(relay, step, index), b = look_ahead(relay, step, index);
    struct tracker_person person = {
        .id = entry->id, .x = entry->x, .y = entry->y, .deviation_m = CAMERA_METRES_M};
    if (b.at_ms > a.at_ms) {
        person.vx = (b.x - a.x) * 1000 / (double)(b.at_ms - a.at_ms);
        person.vy = (b.y - a.y) * 1000 / (double)(b.at_ms - a.at_ms);
    }
    return person;
}

void relay_step(struct relay *relay, int64_t at_ms, const struct tracker_frame *frame)
{
    if (relay->step_count == RELAY_STEPS_MAX)
        drop_steps(relay, 1);
    struct told told = read_frame(relay, at_ms, frame);
    name_people(relay, &told);
    if (relay->step_count > 0)
        link_steps(&relay->steps[relay->step_count - 1], &told);
    relay->steps[relay->step_count++] = told;
    relay->people = mem_resize(relay->people, (told.count + 1) * sizeof *relay->people);
    for (size_t i = 0; i < told.count; i++)
        relay->people[i] = person_of(relay, relay->step_count - 1, (uint32_t)i);
    relay->people_count = told.count;
}

const struct tracker_person *relay_people(const struct relay *relay, size_t *out_count)
{
    *out_count = relay->people_count;
    return relay->people;
}

/* --- settled --- */

static int by_id(const void *a, const void *b)
{
    uint64_t x = ((const struct tracker_fix *)a)->person.id;
    uint64_t y = ((const struct tracker_fix *)b)->person.id;
    return (x > y) - (x < y);
}

/* Settled steps that no velocity looks back to any more. */
static void forget(struct relay *relay, int64_t settled_ms)
{
    size_t old = 0;
    while (old + 1 < relay->settled_count &&
           relay->steps[old + 1].at_ms <= settled_ms - RELAY_SPAN_MS)
        old++;
    if (old > 0)
        drop_steps(relay, old);
}

struct tracker_fix *relay_settle(struct relay *relay, int64_t until_ms, size_t *out_count)
{
    size_t end = relay->settled_count, size = 0, count = 0;
    for (; end < relay->step_count && relay->steps[end].at_ms <= until_ms; end++)
        size += relay->steps[end].count;
    struct tracker_fix *fixes = size == 0 ? NULL : mem_new_array(size, sizeof *fixes);
    for (size_t s = relay->settled_count; s < end; s++) {
        size_t first = count;
        for (size_t i = 0; i < relay->steps[s].count; i++)
            fixes[count++] =
                (struct tracker_fix){relay->steps[s].at_ms, person_of(relay, s, (uint32_t)i)};
        if (count > first)
            qsort(&fixes[first], count - first, sizeof *fixes, by_id);
    }
    relay->settled_count = end;
    if (end > 0)
        forget(relay, relay->steps[end - 1].at_ms);
    *out_count = count;
    return fixes;
}
