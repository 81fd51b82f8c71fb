// SPDX-License-Identifier: Apache-2.0
/* The usual batch is in order and has nobody twice, and that is seen in one pass. Only another one is
 * rebuilt: frames sorted by time (of equal times the earlier sent stays first), each frame through a
 * hash set of its persons. */
#include "readings/pack/batch.h"

struct seen_set { /* open addressing; a slot is valid when its round is the frame's */
    uint32_t *person;
    uint32_t *round;
    uint32_t mask;
    uint32_t current;
};

static bool times_grow(const struct detection_batch *batch)
{
    for (size_t i = 1; i < batch->frame_count; i++) {
        if (batch->frame_at_ms[i] <= batch->frame_at_ms[i - 1])
            return false;
    }
    return true;
}

/* Enough, not necessary: most trackers number their persons upwards. */
static bool tracks_grow(const struct detection_batch *batch, size_t first, size_t end)
{
    int64_t last = BATCH_TRACK_NONE;
    for (size_t i = first; i < end; i++) {
        if (batch->track[i] <= last)
            return false;
        last = batch->track[i];
    }
    return true;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static uint64_t hash_of(const struct detection_batch *batch, size_t i)
{
    if (batch->track[i] != BATCH_TRACK_NONE)
        return mix((uint64_t)batch->track[i]);
    uint64_t corner = (uint64_t)(uint32_t)batch->x[i] << 32 | (uint32_t)batch->y[i];
    uint64_t size = (uint64_t)(uint32_t)batch->w[i] << 32 | (uint32_t)batch->h[i];
    return mix(corner ^ mix(size));
}

static bool is_same(const struct detection_batch *batch, size_t a, size_t b)
{
    if (batch->track[a] != batch->track[b])
        return false;
    return batch->track[a] != BATCH_TRACK_NONE ||
           (batch->x[a] == batch->x[b] && batch->y[a] == batch->y[b] &&
            batch->w[a] == batch->w[b] && batch->h[a] == batch->h[b]);
}

/* False when the same person is in the set already. */
static bool add_seen(struct seen_set *set, const struct detection_batch *batch, size_t person)
{
    uint32_t slot = (uint32_t)hash_of(batch, person) & set->mask;
    while (set->round[slot] == set->current) {
        if (is_same(batch, set->person[slot], person))
            return false;
        slot = (slot + 1) & set->mask;
    }
    set->round[slot] = set->current;
    set->person[slot] = (uint32_t)person;
    return true;
}

static void move_person(struct detection_batch *batch, size_t to, size_t from)
{
    batch->track[to] = batch->track[from];
    batch->x[to] = batch->x[from];
    batch->y[to] = batch->y[from];
    batch->w[to] = batch->w[from];
    batch->h[to] = batch->h[from];
    batch->confidence[to] = batch->confidence[from];
}

static enum err init_seen(struct seen_set *set, const struct detection_batch *batch)
{
    size_t largest = 0;
    for (size_t i = 0; i < batch->frame_count; i++)
        largest = MAX(largest, (size_t)(batch->frame_first[i + 1] - batch->frame_first[i]));
    size_t size = 16;
    while (size < 2 * largest)
        size *= 2;
    set->person = mem_try(size * sizeof *set->person);
    set->round = mem_try(size * sizeof *set->round);
    set->mask = (uint32_t)(size - 1);
    return set->person == NULL || set->round == NULL ? ERR_NO_MEMORY : ERR_NONE;
}

static void fini_seen(struct seen_set *set)
{
    mem_free(set->person);
    mem_free(set->round);
}

/* Persons move towards the front over those that are dropped; they are read before they are passed,
 * because `kept` never overtakes `i`. */
static size_t drop_doubles(struct detection_batch *batch, struct seen_set *set)
{
    size_t kept = 0;
    for (size_t frame = 0; frame < batch->frame_count; frame++) {
        size_t first = batch->frame_first[frame];
        size_t end = batch->frame_first[frame + 1];
        size_t frame_first = kept;
        set->current++;
        for (size_t i = first; i < end; i++) {
            if (kept != i)
                move_person(batch, kept, i);
            kept += add_seen(set, batch, kept);
        }
        batch->frame_first[frame] = (uint32_t)frame_first;
    }
    size_t dropped = batch->person_count - kept;
    batch->person_count = kept;
    batch->frame_first[batch->frame_count] = (uint32_t)kept;
    return dropped;
}

struct frame_place {
    int64_t at_ms;
    size_t frame;
};

static int by_time(const void *left, const void *right)
{
    const struct frame_place *a = left;
    const struct frame_place *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

static void merge_equal_times(struct detection_batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->frame_count; i++) {
        if (kept > 0 && batch->frame_at_ms[kept - 1] == batch->frame_at_ms[i]) {
            batch->frame_first[kept] = batch->frame_first[i + 1];
            continue;
        }
        batch->frame_at_ms[kept] = batch->frame_at_ms[i];
        batch->frame_first[++kept] = batch->frame_first[i + 1];
    }
    batch->frame_count = kept;
}

static enum err sort_frames(struct detection_batch *batch)
{
    SCOPED_MEM struct frame_place *places = mem_try(batch->frame_count * sizeof *places);
    SCOPED_BATCH *sorted = batch_create();
    if (places == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < batch->frame_count; i++)
        places[i] = (struct frame_place){batch->frame_at_ms[i], i};
    qsort(places, batch->frame_count, sizeof *places, by_time);
    TRY(batch_reserve(sorted, batch->frame_count, batch->person_count));
    sorted->is_in_metres = batch->is_in_metres;
    sorted->scale_xy = batch->scale_xy;
    sorted->scale_confidence = batch->scale_confidence;
    for (size_t i = 0; i < batch->frame_count; i++) {
        /* One frame at a time by its index: several may have this time. */
        TRY(batch_append_frame(sorted, batch, places[i].frame));
    }
    merge_equal_times(sorted);
    batch_swap(batch, sorted);
    return ERR_NONE;
}

enum err batch_normalise(struct detection_batch *batch, size_t *out_duplicates)
{
    *out_duplicates = 0;
    if (!times_grow(batch))
        TRY(sort_frames(batch));
    bool is_clean = true;
    for (size_t i = 0; i < batch->frame_count && is_clean; i++)
        is_clean = tracks_grow(batch, batch->frame_first[i], batch->frame_first[i + 1]);
    if (is_clean)
        return ERR_NONE;
    struct seen_set set = {0};
    enum err err = init_seen(&set, batch);
    if (err == ERR_NONE)
        *out_duplicates = drop_doubles(batch, &set);
    fini_seen(&set);
    return err;
}
