// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/tally.h"

static void second_fini(struct tally_second *second)
{
    for (size_t i = 0; i < second->group_count; i++)
        mem_free(second->groups[i].entries);
    mem_free(second->groups);
}

void tally_fini(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++)
        second_fini(&tally->seconds[i]);
    mem_free(tally->seconds);
    *tally = (struct tally){0};
}

static void remove_first(struct tally *tally, size_t count)
{
    if (count == 0)
        return; /* a tally that never held anything has no seconds to move */
    for (size_t i = 0; i < count; i++)
        second_fini(&tally->seconds[i]);
    tally->count -= count;
    memmove(&tally->seconds[0], &tally->seconds[count], tally->count * sizeof *tally->seconds);
}

void tally_forget(struct tally *tally, int64_t before_s)
{
    size_t count = 0;
    while (count < tally->count && tally->seconds[count].s < before_s)
        count++;
    remove_first(tally, count);
}

/* The first second from `s` on. */
static size_t place_of(const struct tally *tally, int64_t s)
{
    size_t low = 0, high = tally->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (tally->seconds[middle].s < s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* NULL when it is older than all of a full tally. */
static struct tally_second *second_at(struct tally *tally, int64_t s)
{
    size_t place = place_of(tally, s);
    if (place < tally->count && tally->seconds[place].s == s)
        return &tally->seconds[place];
    if (tally->count == TALLY_SECONDS_MAX) {
        if (place == 0)
            return NULL;
        remove_first(tally, 1);
        place--;
    }
    if (tally->count == tally->size) {
        tally->size = MAX((size_t)64, 2 * tally->size);
        tally->seconds = mem_resize(tally->seconds, tally->size * sizeof *tally->seconds);
    }
    memmove(&tally->seconds[place + 1], &tally->seconds[place],
            (tally->count - place) * sizeof *tally->seconds);
    tally->count++;
    tally->seconds[place] = (struct tally_second){.s = s};
    return &tally->seconds[place];
}

static struct tally_group *group_at(struct tally_second *second, uint32_t group)
{
    for (size_t i = 0; i < second->group_count; i++) {
        if (second->groups[i].group == group)
            return &second->groups[i];
    }
    second->groups = mem_resize(second->groups, (second->group_count + 1) * sizeof *second->groups);
    struct tally_group *own = &second->groups[second->group_count++];
    *own = (struct tally_group){.group = group};
    return own;
}

static struct tally_entry *entry_at(struct tally_group *group, uint16_t zone)
{
    size_t place = 0;
    while (place < group->entry_count && group->entries[place].zone < zone)
        place++;
    if (place < group->entry_count && group->entries[place].zone == zone)
        return &group->entries[place];
    group->entries = mem_resize(group->entries, (group->entry_count + 1) * sizeof *group->entries);
    memmove(&group->entries[place + 1], &group->entries[place],
            (group->entry_count - place) * sizeof *group->entries);
    group->entry_count++;
    group->entries[place] = (struct tally_entry){.zone = zone};
    return &group->entries[place];
}

static int64_t second_of(int64_t at_ms)
{
    return at_ms >= 0 ? at_ms / 1000 : -((999 - at_ms) / 1000);
}

void tally_add(struct tally *tally, uint32_t group, const struct frame_count *step)
{
    struct tally_second *second = second_at(tally, second_of(step->at_ms));
    if (second == NULL)
        return;
    struct tally_group *own = group_at(second, group);
    own->step_count++;
    for (uint32_t i = 0; i < step->entry_count; i++) {
        struct tally_entry *entry = entry_at(own, step->entries[i].zone);
        entry->people += step->entries[i].people;
        entry->first += step->entries[i].first;
    }
}

const struct tally_group *tally_find(const struct tally *tally, int64_t s, uint32_t group)
{
    size_t place = place_of(tally, s);
    if (place == tally->count || tally->seconds[place].s != s)
        return NULL;
    const struct tally_second *second = &tally->seconds[place];
    for (size_t i = 0; i < second->group_count; i++) {
        if (second->groups[i].group == group)
            return &second->groups[i];
    }
    return NULL;
}
