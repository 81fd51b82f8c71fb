// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/moments.h"

#define LONG_AGO (INT64_MIN / 4)

void moments_init(struct moments *moments, size_t group_count)
{
    *moments = (struct moments){.group_count = group_count, .taken_s = LONG_AGO};
    moments->newest_s = mem_new_array(group_count + 1, sizeof *moments->newest_s);
    for (size_t g = 0; g < group_count; g++)
        moments->newest_s[g] = LONG_AGO;
}

void moment_fini(struct moment *moment)
{
    mem_free(moment->people);
    mem_free(moment->groups);
}

void moments_fini(struct moments *moments)
{
    for (size_t i = 0; i < moments->count; i++)
        moment_fini(&moments->all[i]);
    mem_free(moments->newest_s);
    *moments = (struct moments){0};
}

static struct moment *moment_at(struct moments *moments, int64_t s)
{
    size_t place = moments->count;
    while (place > 0 && moments->all[place - 1].s > s)
        place--;
    if (place > 0 && moments->all[place - 1].s == s)
        return &moments->all[place - 1];
    if (s <= moments->taken_s || moments->count > MOMENTS_MAX)
        return NULL;
    memmove(&moments->all[place + 1], &moments->all[place],
            (moments->count - place) * sizeof moments->all[0]);
    moments->count++;
    moments->all[place] = (struct moment){
        .s = s, .groups = mem_new_array(moments->group_count / 64 + 1, sizeof(uint64_t))};
    return &moments->all[place];
}

static void add_step(struct moment *moment, uint32_t group, const struct crowd_step *step)
{
    if (moment->count + step->count > moment->size) {
        moment->size = moment->count + step->count;
        moment->people = mem_resize(moment->people, moment->size * sizeof *moment->people);
    }
    for (size_t i = 0; i < step->count; i++)
        moment->people[moment->count++] = step->people[i].person;
    moment->groups[group / 64] |= 1ULL << (group % 64);
}

void moments_add(struct moments *moments, const struct crowd_scene_fixes *fixes)
{
    struct crowd_step_cursor cursor = {0};
    struct crowd_step step;
    while (crowd_scene_fixes_next(fixes, &cursor, &step)) {
        int64_t s = (step.at_ms - ((step.at_ms % 1000) + 1000) % 1000) / 1000;
        if (s == moments->newest_s[fixes->group])
            continue;
        moments->newest_s[fixes->group] = s;
        struct moment *moment = moment_at(moments, s);
        if (moment != NULL)
            add_step(moment, fixes->group, &step);
    }
}

bool moments_take(struct moments *moments, int64_t settled_ms, struct moment *out_moment)
{
    if (moments->count == 0)
        return false;
    bool is_over = (moments->all[0].s + 1) * 1000 - 1 <= settled_ms;
    if (!is_over && moments->count < MOMENTS_MAX)
        return false;
    *out_moment = moments->all[0];
    moments->taken_s = moments->all[0].s;
    moments->count--;
    memmove(&moments->all[0], &moments->all[1], moments->count * sizeof moments->all[0]);
    return true;
}
