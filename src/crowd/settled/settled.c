// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/settled.h"

#include "base/metrics.h"
#include "venues/polygon.h"

#include <math.h>

const char *const settled_measure_names[SETTLED_MEASURES] = {"density_voronoi", "speed",
                                                             "specific_flow"};

static struct metric dropped_total =
    METRIC_COUNTER("muster_crowd_settled_seconds_dropped_total",
                   "Seconds of measures left out: more came at once than is kept.");

void settled_second_fini(struct settled_second *second)
{
    mem_free(second->zones);
    mem_free(second->lines);
    shared_unref(&second->view->shared);
}

void settled_init(struct settled *settled, const struct crowd_map *map, size_t group_count)
{
    *settled = (struct settled){.map = map};
    /* A floor without extent has nothing to measure; people are counted all the same. */
    if (measures_create(&(struct measures_scope){.map = map}, &settled->measures) != ERR_NONE)
        settled->measures = NULL;
    moments_init(&settled->moments, group_count);
    watching_init(&settled->watching, map->view);
    settled->crossings = crossings_create(map->view, group_count);
}

static void drop_ground(struct settled *settled)
{
    measures_destroy(settled->measures);
    moments_fini(&settled->moments);
    watching_fini(&settled->watching);
    crossings_destroy(settled->crossings);
    mem_free(settled->newest);
}

static void drop_waiting(struct settled *settled)
{
    for (size_t i = 0; i < settled->waiting_count; i++)
        settled_second_fini(&settled->waiting[i]);
    mem_free(settled->waiting);
}

void settled_regroup(struct settled *settled, size_t group_count)
{
    int64_t taken_s = settled->moments.taken_s;
    moments_fini(&settled->moments);
    moments_init(&settled->moments, group_count);
    settled->moments.taken_s = taken_s;
    crossings_regroup(settled->crossings, group_count);
}

/* --- seconds --- */

/* NULL when too many wait. */
static struct settled_second *add_second(struct settled *settled, int64_t s)
{
    if (settled->waiting_count == SETTLED_WAITING_MAX) {
        metric_add(&dropped_total, 1);
        return NULL;
    }
    if (settled->waiting_count == settled->waiting_size) {
        settled->waiting_size = MAX((size_t)16, 2 * settled->waiting_size);
        settled->waiting =
            mem_resize(settled->waiting, settled->waiting_size * sizeof *settled->waiting);
    }
    struct settled_second *second = &settled->waiting[settled->waiting_count++];
    *second = (struct settled_second){.view = settled->map->view, .s = s};
    shared_ref(&second->view->shared);
    return second;
}

/* --- zones --- */

/* Whether the device's picture was in what its group has settled now: it is heard, or it is one of a group
 * that has fallen silent, and was heard then. */
static bool was_in(const struct settled_scene *now, const struct camera_group *cameras,
                   uint32_t device)
{
    bool is_any_heard = false;
    for (size_t i = 0; i < cameras->device_count; i++)
        is_any_heard |= crowd_scene_hears(now->scene, cameras->devices[i], now->stream_ms);
    return !is_any_heard || crowd_scene_hears(now->scene, device, now->stream_ms);
}

/* Zones that cameras of the moment's groups cover, and none of another group. */
static void find_known(const struct settled *settled, const struct settled_scene *now,
                       const struct moment *moment, uint64_t *known)
{
    size_t words = (settled->map->view->zone_count + 63) / 64;
    SCOPED_MEM uint64_t *blind = mem_new_array(words + 1, sizeof *blind);
    for (uint32_t g = 0; g < crowd_scene_group_count(now->scene); g++) {
        const struct camera_group *cameras = crowd_scene_group(now->scene, g);
        bool is_in = (moment->groups[g / 64] >> (g % 64) & 1) != 0;
        for (size_t i = 0; i < cameras->device_count; i++) {
            uint32_t d = cameras->devices[i];
            if (is_in ? !was_in(now, cameras, d)
                      : !crowd_scene_hears(now->scene, d, now->stream_ms))
                continue;
            for (size_t w = 0; w < words; w++)
                (is_in ? known : blind)[w] |= now->covers[d * words + w];
        }
    }
    for (size_t w = 0; w < words; w++)
        known[w] &= ~blind[w];
}

static void measure(void *context)
{
    struct settled_measuring *own = context;
    size_t zone_count;
    measures_step(own->measures, own->moment.s * 1000, own->moment.people, own->moment.count);
    const struct zone_measures *zones = measures_zones(own->measures, &zone_count);
    own->zones = mem_new_array(zone_count * SETTLED_MEASURES + 1, sizeof *own->zones);
    for (size_t z = 0; z < zone_count; z++) {
        bool is_known =
            (own->known[z / 64] >> (z % 64) & 1) != 0 && zones[z].density.method != DENSITY_NONE;
        float *values = &own->zones[z * SETTLED_MEASURES];
        values[SETTLED_VORONOI] = is_known ? (float)zones[z].density.per_m2 : NAN;
        values[SETTLED_SPEED] = is_known ? (float)zones[z].speed.mean_m_s : NAN;
        values[SETTLED_SPECIFIC] = is_known ? (float)zones[z].density.flow_per_m_s : NAN;
    }
}

/* The moment that is being measured, if any, becomes a second that waits. */
static void finish_moment(struct settled *settled)
{
    if (!settled->is_measuring)
        return;
    struct settled_measuring *own = &settled->measuring;
    pool_wait(settled->pool, &settled->job);
    settled->is_measuring = false;
    struct settled_second *second = add_second(settled, own->moment.s);
    if (second != NULL)
        second->zones = TAKE(own->zones);
    mem_free(own->zones);
    mem_free(own->known);
    moment_fini(&own->moment);
    *own = (struct settled_measuring){.measures = NULL};
}

static void finish_if_done(struct settled *settled)
{
    if (settled->is_measuring && pool_is_done(settled->pool, &settled->job))
        finish_moment(settled);
}

void settled_fini(struct settled *settled)
{
    finish_moment(settled);
    drop_ground(settled);
    drop_waiting(settled);
    *settled = (struct settled){0};
}

/* Takes the moment. */
static void begin_moment(struct settled *settled, const struct settled_scene *now,
                         const struct moment *moment)
{
    finish_moment(settled);
    settled->measuring =
        (struct settled_measuring){.measures = settled->measures, .moment = *moment};
    settled->measuring.known =
        mem_new_array(settled->map->view->zone_count / 64 + 1, sizeof(uint64_t));
    find_known(settled, now, moment, settled->measuring.known);
    settled->pool = now->pool;
    settled->job = (struct pool_job){.work = measure, .context = &settled->measuring};
    settled->is_measuring = true;
    pool_start(now->pool, &settled->job);
    finish_if_done(settled);
}

bool settled_take(struct settled *settled, struct settled_second *out_second)
{
    finish_if_done(settled);
    if (settled->waiting_count == 0)
        return false;
    *out_second = settled->waiting[0];
    settled->waiting_count--;
    memmove(&settled->waiting[0], &settled->waiting[1],
            settled->waiting_count * sizeof settled->waiting[0]);
    return true;
}

double settled_area_m2(const struct settled *settled, size_t zone)
{
    const struct zone *own = &settled->map->view->zones[zone];
    size_t count;
    if (settled->measures == NULL ||
        fabs(own->area_m2 - polygon_area(own->ring, own->ring_len)) > 1e-9 * own->area_m2)
        return own->area_m2;
    double walkable_m2 = measures_areas(settled->measures, &count)[zone];
    return walkable_m2 > 0 ? walkable_m2 : own->area_m2;
}

/* --- lines --- */

static void tell_lines(struct settled *settled, int64_t settled_ms)
{
    size_t count = settled->map->view->line_count;
    int64_t s;
    SCOPED_MEM struct crossing_second *lines = mem_new_array(count + 1, sizeof *lines);
    while (crossings_take(settled->crossings, settled_ms, &s, lines)) {
        struct settled_second *second = add_second(settled, s);
        if (second != NULL)
            second->lines = mem_copy(lines, count * sizeof *lines);
        mem_free(settled->newest);
        settled->newest = mem_copy(lines, count * sizeof *lines);
        settled->newest_s = s;
    }
}

static void add_crossings(struct settled *settled, const struct crowd_scene_fixes *fixes,
                          const struct settled_scene *now)
{
    const struct venue_view *view = settled->map->view;
    const struct camera_group *cameras = crowd_scene_group(now->scene, fixes->group);
    size_t zone_words = (view->zone_count + 63) / 64;
    SCOPED_MEM uint64_t *watched = mem_new_array(settled->watching.words + 1, sizeof *watched);
    for (size_t i = 0; i < cameras->device_count; i++) {
        uint32_t d = cameras->devices[i];
        if (was_in(now, cameras, d))
            watching_add(&settled->watching, d, &now->covers[d * zone_words], watched);
    }
    crossings_add(settled->crossings, fixes, watched);
}

/* --- the course of time --- */

static void add(struct settled *settled, const struct crowd_scene_fixes *fixes,
                const struct settled_scene *scene)
{
    if (settled->measures != NULL)
        moments_add(&settled->moments, fixes);
    if (settled->crossings != NULL)
        add_crossings(settled, fixes, scene);
}

static void advance(struct settled *settled, const struct settled_scene *scene, int64_t settled_ms)
{
    struct moment moment;
    while (moments_take(&settled->moments, settled_ms, &moment)) {
        begin_moment(settled, scene, &moment);
    }
    tell_lines(settled, settled_ms);
}

static int64_t first_step(const struct crowd_scene_fixes *fixes)
{
    return fixes->step_count == 0 ? INT64_MAX : fixes->step_times[0];
}

static int by_last_step(const void *a, const void *b)
{
    const struct crowd_scene_fixes *x = a, *y = b;
    int64_t x_ms = x->step_count == 0 ? INT64_MIN : x->step_times[x->step_count - 1];
    int64_t y_ms = y->step_count == 0 ? INT64_MIN : y->step_times[y->step_count - 1];
    return (x_ms > y_ms) - (x_ms < y_ms);
}

void settled_take_all(struct settled *settled, struct crowd_scene_fixes *all, size_t count,
                      const struct settled_scene *scene)
{
    int64_t settled_ms = crowd_scene_settled_ms(scene->scene, scene->stream_ms);
    SCOPED_MEM int64_t *rest_ms = mem_new_array(count + 1, sizeof *rest_ms);
    if (count > 1)
        qsort(all, count, sizeof *all, by_last_step);
    rest_ms[count] = INT64_MAX; /* the first step of what is left */
    for (size_t i = count; i-- > 0;)
        rest_ms[i] = MIN(rest_ms[i + 1], first_step(&all[i]));
    for (size_t i = 0; i < count; i++) {
        add(settled, &all[i], scene);
        advance(settled, scene, MIN(settled_ms, rest_ms[i + 1] - 1));
    }
    advance(settled, scene, settled_ms);
}

/* --- moved --- */

static bool is_any_watched(const struct crossing_second *lines, size_t count)
{
    for (size_t l = 0; l < count; l++) {
        if (lines[l].is_watched)
            return true;
    }
    return false;
}

static void tell_gone_lines(struct settled *settled)
{
    size_t count = settled->map->view->line_count;
    int64_t s;
    SCOPED_MEM struct crossing_second *lines = mem_new_array(count + 1, sizeof *lines);
    while (crossings_take(settled->crossings, INT64_MAX, &s, lines)) {
        struct settled_second *second =
            is_any_watched(lines, count) ? add_second(settled, s) : NULL;
        if (second == NULL)
            continue;
        second->lines = mem_copy(lines, count * sizeof *lines);
        second->is_of_gone_lines = true;
    }
}

void settled_move(struct settled *to, struct settled *from)
{
    finish_moment(from);
    crossings_move(to->crossings, from->crossings);
    tell_gone_lines(from);
    drop_waiting(to);
    to->waiting = from->waiting;
    to->waiting_count = from->waiting_count;
    to->waiting_size = from->waiting_size;
    moments_fini(&to->moments);
    to->moments = from->moments;
    from->moments = (struct moments){0};
    drop_ground(from);
    *from = (struct settled){0};
}
