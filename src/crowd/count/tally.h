// SPDX-License-Identifier: Apache-2.0
/* crowd/count/tally.h — how many people each group of cameras had in each zone, second by second, from
 * settled tracks: the mean of the second's steps. Pure. */
#pragma once
#include "base/limits.h"
#include "crowd/count/frame.h"

#define TALLY_SECONDS_MAX LIMIT_CROWD_SECONDS /* beyond, the oldest are forgotten */
/* Seconds back to the last step of a group that looks less than once a second. */
#define TALLY_BACK_S 2

struct tally_entry { /* sums over the steps; `first` as in struct zone_count */
    uint16_t zone;
    uint32_t people;
    uint32_t first;
};

struct tally_group {
    uint32_t group;
    uint32_t step_count;
    struct tally_entry *entries; /* by zone */
    size_t entry_count;
};

struct tally_second {
    int64_t s;
    struct tally_group *groups;
    size_t group_count;
};

struct tally {
    struct tally_second *seconds; /* by s */
    size_t count, size;
};

void tally_fini(struct tally *tally);
/* One step of a group: the people's zones as counted. */
void tally_add(struct tally *tally, uint32_t group, const struct frame_count *step);
/* NULL when the group had no step in that second. */
const struct tally_group *tally_find(const struct tally *tally, int64_t s, uint32_t group);
void tally_forget(struct tally *tally, int64_t before_s);
static inline int64_t tally_mean(uint32_t sum, uint32_t step_count)
{
    return (int64_t)((2ULL * sum + step_count) / (2ULL * step_count));
}
