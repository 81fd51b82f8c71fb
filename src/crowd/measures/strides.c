// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/strides.h"

#include <math.h>

struct table { /* open addressing by id, at most half full; an id of 0 is an empty slot */
    struct stride *slots;
    size_t slot_count; /* a power of two */
    size_t used;
};

struct strides {
    struct table known;
    struct stride *people;
    size_t count, room;
};

struct strides *strides_create(void)
{
    return mem_new(sizeof(struct strides));
}

void strides_destroy(struct strides *strides)
{
    if (strides == NULL)
        return;
    mem_free(strides->known.slots);
    mem_free(strides->people);
    mem_free(strides);
}

const struct stride *strides_peek(const struct strides *strides, size_t *out_count)
{
    *out_count = strides->count;
    return strides->people;
}

/* Where the id stands or would stand. */
static struct stride *slot_of(const struct table *table, uint64_t id)
{
    size_t i = (size_t)((id * 0x9e3779b97f4a7c15ULL) >> 20) & (table->slot_count - 1);
    while (table->slots[i].id != 0 && table->slots[i].id != id)
        i = (i + 1) & (table->slot_count - 1);
    return &table->slots[i];
}

static void keep(struct table *table, const struct stride *stride)
{
    struct stride *slot = slot_of(table, stride->id);
    table->used += slot->id == 0;
    *slot = *stride;
}

static struct stride take_stride(const struct table *known, int64_t at_ms,
                                 const struct tracker_person *person)
{
    struct stride stride = {
        .id = person->id, .at = {person->x, person->y}, .at_ms = at_ms, .walked_ms = INT64_MIN};
    double speed_m_s = hypot(person->vx, person->vy);
    bool was_stopped = false;
    const struct stride *before = known->slot_count > 0 ? slot_of(known, person->id) : NULL;
    if (before != NULL && before->id != 0 && before->at_ms >= at_ms - STRIDES_FORGET_MS) {
        stride.has_from = true;
        stride.from = before->at;
        stride.walked_ms = before->walked_ms;
        was_stopped = before->is_stopped;
    }
    if (speed_m_s >= STRIDES_WALKED_M_S)
        stride.walked_ms = at_ms;
    stride.is_stopped = speed_m_s < (was_stopped ? STRIDES_GOING_M_S : STRIDES_STOPPED_M_S) &&
                        stride.walked_ms >= at_ms - STRIDES_WALKED_MS;
    return stride;
}

void strides_step(struct strides *strides, int64_t at_ms, const struct tracker_person *people,
                  size_t count)
{
    if (count > strides->room) {
        strides->room = count;
        strides->people = mem_resize(strides->people, count * sizeof *strides->people);
    }
    strides->count = count;
    for (size_t i = 0; i < count; i++) {
        assert(people[i].id != 0);
        strides->people[i] = take_stride(&strides->known, at_ms, &people[i]);
    }
    /* Built anew: who was not seen for too long stays behind. */
    struct table next = {.slot_count = 16};
    while (next.slot_count < 2 * (count + strides->known.used))
        next.slot_count *= 2;
    next.slots = mem_new_array(next.slot_count, sizeof *next.slots);
    for (size_t i = 0; i < strides->known.slot_count; i++) {
        const struct stride *old = &strides->known.slots[i];
        if (old->id != 0 && old->at_ms >= at_ms - STRIDES_FORGET_MS)
            keep(&next, old);
    }
    for (size_t i = 0; i < count; i++)
        keep(&next, &strides->people[i]);
    mem_free(strides->known.slots);
    strides->known = next;
}
