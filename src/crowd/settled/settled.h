// SPDX-License-Identifier: Apache-2.0
/* crowd/settled/settled.h — what is kept of every second of a venue, of people as they are settled: how those
 * of its zones stand and move, and who crossed its lines. The same frames give the same seconds, however
 * they came and after a restart too. Pure.
 *
 * A zone's values are those of the second's first step. They are known when all groups of cameras that look
 * there had one in the second. Thousands of people take tens of milliseconds: a thread of the pool measures
 * them beside the caller, one moment after the other (as in flow.h); settled_take gives what is done. */
#pragma once
#include "base/pool.h"
#include "crowd/measures/measures.h"
#include "crowd/settled/crossings.h"
#include "crowd/settled/moments.h"
#include "crowd/settled/watching.h"

/* Seconds that wait to be written; beyond, the oldest are dropped. */
#define SETTLED_WAITING_MAX LIMIT_CROWD_SECONDS
/* So many are to be written before more is taken in. */
#define SETTLED_WAITING_FULL 256

enum { SETTLED_VORONOI, SETTLED_SPEED, SETTLED_SPECIFIC, SETTLED_MEASURES };
extern const char *const settled_measure_names[SETTLED_MEASURES]; /* of the series */

struct settled_second {
    struct venue_view *view; /* a reference */
    int64_t s;
    float *zones;                  /* [zone_count][SETTLED_MEASURES], NaN = not known; or NULL */
    struct crossing_second *lines; /* [line_count]; or NULL. Both owned */
    bool is_of_gone_lines;         /* the same second of lines that are still there comes later */
};
void settled_second_fini(struct settled_second *second);

struct settled_measuring { /* the job's own until it is done */
    struct measures *measures;
    struct moment moment;
    uint64_t *known; /* bits of the zones that are known; owned */
    float *zones;    /* as in settled_second; owned */
};

struct settled {
    const struct crowd_map *map; /* borrowed */
    struct measures *measures;   /* NULL when the venue's shape has none; the job's while it runs */
    struct settled_measuring measuring;
    struct pool *pool; /* borrowed; of the job */
    struct pool_job job;
    bool is_measuring;
    struct moments moments;
    struct watching watching;
    struct crossings *crossings;    /* NULL without lines */
    struct crossing_second *newest; /* [line_count], of newest_s; NULL before the first */
    int64_t newest_s;
    struct settled_second *waiting;
    size_t waiting_count, waiting_size;
};

struct settled_scene { /* as it is when a group settles */
    const struct crowd_scene *scene;
    const uint64_t *covers; /* as in groups.h */
    int64_t stream_ms;
    struct pool *pool; /* NULL = measured in the caller */
};

void settled_init(struct settled *settled, const struct crowd_map *map, size_t group_count);
void settled_fini(struct settled *settled);
/* The groups have other numbers now. */
void settled_regroup(struct settled *settled, size_t group_count);
/* The venue has another view, that of `to`, and its groups are the same: what `from` has not told yet goes
 * on in `to`. Of lines that are gone it is told, and waits there. */
void settled_move(struct settled *to, struct settled *from);

/* What the groups have settled, in any order, and nothing of it is left out: a recording comes hours at a
 * time. Then measures the seconds that all groups are through with. Sorts them, and borrows what is in them. */
void settled_take_all(struct settled *settled, struct crowd_scene_fixes *all, size_t count,
                      const struct settled_scene *scene);
/* The oldest that waits; false when there is none. The caller ends it. */
bool settled_take(struct settled *settled, struct settled_second *out_second);
static inline bool settled_is_full(const struct settled *settled)
{
    return settled->waiting_count >= SETTLED_WAITING_FULL;
}
/* Of the zone, what can be walked on; or what the user said it is. */
double settled_area_m2(const struct settled *settled, size_t zone);
