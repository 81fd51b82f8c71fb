// SPDX-License-Identifier: Apache-2.0
/* crowd/settled/moments.h — one moment of every second of a venue: the first settled step of each group of
 * cameras in it, together. Pure. */
#pragma once
#include "crowd/scenes/scene.h"

/* Moments that wait for a group; beyond, the oldest is taken without it. */
#define MOMENTS_MAX 64

struct moment {
    int64_t s;
    struct tracker_person *people; /* owned */
    size_t count, size;
    uint64_t *groups; /* owned; bits of those that are in it */
};

struct moments {
    struct moment all[MOMENTS_MAX + 1]; /* by s */
    size_t count;
    int64_t *newest_s; /* by group: the second it contributed to last */
    size_t group_count;
    int64_t taken_s;
};

void moments_init(struct moments *moments, size_t group_count);
void moments_fini(struct moments *moments);
/* Borrows the fixes. */
void moments_add(struct moments *moments, const struct crowd_scene_fixes *fixes);
/* The oldest, when it is over in all groups or there are too many; false when there is none. Moments
 * come in their order, each once. The caller ends it. */
bool moments_take(struct moments *moments, int64_t settled_ms, struct moment *out_moment);
void moment_fini(struct moment *moment);
