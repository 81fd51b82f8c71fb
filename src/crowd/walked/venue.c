// SPDX-License-Identifier: Apache-2.0
#include "crowd/walked/venue.h"

#include "crowd/tracks/log.h"

#include <stdio.h>

#define LONG_AGO   (INT64_MIN / 4)
#define ADVANCE_MS 1000

static uint16_t number_of(const struct walked_venue *venue, uint16_t zone)
{
    return venue->numbers[zone];
}

/* --- what walkers tell --- */

static void hear_stay(void *context, const struct stay *stay)
{
    struct walked_venue *venue = context;
    if (!venue->is_muted && venue->has_grid)
        effects_add_stay(&venue->effects, &venue->grid, stay);
}

static void hear_visit(void *context, const struct visit *visit)
{
    struct walked_venue *venue = context;
    struct visit numbered = *visit;
    numbered.zone = number_of(venue, visit->zone);
    if (!venue->is_muted && numbered.zone != WALKED_NO_ZONE)
        effects_add_visit(&venue->effects, &numbered);
}

static void hear_journey(void *context, const struct journey *journey)
{
    struct walked_venue *venue = context;
    struct journey numbered = *journey;
    if (venue->is_muted)
        return;
    numbered.destination = number_of(venue, journey->destination);
    for (size_t i = 0; i < journey->zone_count; i++)
        numbered.zones[i] = number_of(venue, journey->zones[i]);
    int64_t hour_ms = effects_add_journey(&venue->effects, &numbered, venue->progress.closed_ms);
    venue->progress.trips_ms = MAX(venue->progress.trips_ms, hour_ms);
}

/* --- */

struct walked_venue *walked_venue_create(const char *event, const char *venue,
                                         const struct walked_progress *progress, int64_t now_ms)
{
    struct walked_venue *made = mem_new(sizeof *made);
    const struct walkers_listener listener = {made, hear_stay, hear_visit, hear_journey};
    (void)snprintf(made->event, sizeof made->event, "%s", event);
    (void)snprintf(made->venue, sizeof made->venue, "%s", venue);
    made->progress = *progress;
    made->followed_ms = LONG_AGO;
    made->heard_ms = now_ms;
    enum err err = walkers_create(&WALKERS_DEFAULTS, &listener, &made->walkers);
    assert(err == ERR_NONE);
    return made;
}

void walked_venue_destroy(struct walked_venue *venue)
{
    if (venue == NULL)
        return;
    effects_fini(&venue->effects);
    walkers_destroy(venue->walkers);
    crowd_map_destroy(venue->map);
    mem_free(venue->numbers);
    mem_free(venue->chunks);
    mem_free(venue);
}

void walked_venue_settle(struct walked_venue *venue)
{
    effects_fini(&venue->effects);
    venue->has_effects = false;
}

/* --- the plan --- */

static void mix(uint64_t *hash, const void *bytes, size_t len) /* FNV-1a (Fowler, Noll, Vo) */
{
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ULL;
}

int64_t walked_plan_mark(const struct venue_view *view)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t z = 0; z < view->zone_count; z++) {
        const struct zone *zone = &view->zones[z];
        mix(&hash, zone->id, strlen(zone->id) + 1);
        mix(&hash, zone->ring, zone->ring_len * sizeof *zone->ring);
    }
    if (view->has_bounds) {
        mix(&hash, &view->bounds_min, sizeof view->bounds_min);
        mix(&hash, &view->bounds_max, sizeof view->bounds_max);
    }
    return (int64_t)(hash >> 1);
}

static bool choose_grid(const struct venue_view *view, struct heat_grid *out_grid)
{
    struct point low = view->bounds_min, high = view->bounds_max;
    bool is_known = view->has_bounds;
    for (size_t z = 0; z < view->zone_count; z++) {
        for (size_t i = 0; i < view->zones[z].ring_len; i++) {
            struct point p = view->zones[z].ring[i];
            low = is_known ? (struct point){MIN(low.x, p.x), MIN(low.y, p.y)} : p;
            high = is_known ? (struct point){MAX(high.x, p.x), MAX(high.y, p.y)} : p;
            is_known = true;
        }
    }
    return is_known && heat_grid_align(low, high, WALKED_CELL_M, out_grid) == ERR_NONE;
}

bool walked_venue_needs_plan(const struct walked_venue *venue, const struct venue_view *view,
                             int64_t position)
{
    if (venue->map == NULL)
        return true;
    /* What is read again was counted by one plan: the one at hand until it is all read. */
    return position > venue->progress.done_position && venue->map->view != view &&
           venue->plan_mark != walked_plan_mark(view);
}

static void let_all_go(struct walked_venue *venue)
{
    venue->is_muted = false;
    walkers_end(venue->walkers);
    venue->chunk_count = 0;
    venue->has_effects = true;
}

void walked_venue_adopt(struct walked_venue *venue, struct venue_view *view, uint16_t *numbers)
{
    if (venue->map != NULL)
        let_all_go(venue);
    crowd_map_destroy(venue->map);
    mem_free(venue->numbers);
    venue->map = crowd_map_create(view);
    venue->numbers = numbers;
    venue->plan_mark = walked_plan_mark(view);
    venue->has_grid = choose_grid(view, &venue->grid);
}

/* --- chunks --- */

bool walked_venue_wants(const struct walked_venue *venue, int64_t position)
{
    return position > venue->progress.done_position || position >= venue->progress.floor_position;
}

static void remember(struct walked_venue *venue, int64_t position, int64_t from_ms)
{
    if (venue->chunk_count == WALKED_CHUNKS_MAX) {
        venue->chunk_count--;
        memmove(venue->chunks, venue->chunks + 1, venue->chunk_count * sizeof *venue->chunks);
    }
    if (venue->chunk_count == venue->chunk_size) {
        venue->chunk_size = venue->chunk_size == 0 ? 16 : 2 * venue->chunk_size;
        venue->chunks = mem_resize(venue->chunks, venue->chunk_size * sizeof *venue->chunks);
    }
    venue->chunks[venue->chunk_count++] = (struct walked_chunk){position, from_ms};
}

/* Chunks that nobody who is there was in are not needed again. */
static void forget(struct walked_venue *venue)
{
    int64_t oldest_ms = walkers_oldest_ms(venue->walkers);
    size_t old = 0;
    while (old < venue->chunk_count && venue->chunks[old].from_ms + TRACK_CHUNK_MS <= oldest_ms)
        old++;
    if (old == 0)
        return;
    venue->chunk_count -= old;
    memmove(venue->chunks, venue->chunks + old, venue->chunk_count * sizeof *venue->chunks);
}

static void follow(struct walked_venue *venue, const struct detection_batch *batch)
{
    int64_t swept_ms = LONG_AGO;
    for (size_t f = 0; f < batch->frame_count; f++) {
        int64_t at_ms = batch->frame_at_ms[f];
        if (at_ms >= swept_ms + ADVANCE_MS) {
            walkers_advance(venue->walkers, at_ms);
            swept_ms = at_ms;
        }
        for (size_t i = batch->frame_first[f]; i < batch->frame_first[f + 1]; i++) {
            struct point place = {batch->x[i] / batch->scale_xy, batch->y[i] / batch->scale_xy};
            struct tracker_fix fix = {
                .at_ms = at_ms,
                .person = {.id = (uint64_t)batch->track[i], .x = place.x, .y = place.y}};
            struct zone_hits hits = map_zones(venue->map, place);
            walkers_add(venue->walkers, &fix, hits.zones, hits.count);
        }
    }
}

static void close_hours(struct walked_venue *venue, int64_t until_ms)
{
    if (until_ms <= venue->progress.closed_ms)
        return;
    venue->progress.closed_ms = until_ms;
    venue->has_effects = true;
}

void walked_venue_take(struct walked_venue *venue, const struct detection_batch *batch,
                       int64_t from_ms, int64_t position, int64_t now_ms)
{
    struct walked_progress *progress = &venue->progress;
    int64_t end_ms = from_ms + TRACK_CHUNK_MS;
    bool is_again = position <= progress->done_position;
    bool is_other_plan = progress->done_position > 0 && progress->plan_mark != venue->plan_mark;
    if (!is_again && (from_ms < venue->followed_ms || is_other_plan))
        let_all_go(venue);
    venue->is_muted = is_again;
    if (!is_again && progress->done_position == 0)
        progress->closed_ms = floor_to_ms(from_ms, PATHS_HOUR_MS);
    walkers_advance(venue->walkers, from_ms);
    if (batch != NULL) {
        remember(venue, position, from_ms);
        follow(venue, batch);
        if (!is_again && venue->has_grid && batch->frame_count > 0)
            effects_cover(&venue->effects, &venue->grid, from_ms, TRACK_CHUNK_MS);
    }
    walkers_advance(venue->walkers, end_ms);
    forget(venue);
    venue->followed_ms = end_ms;
    venue->heard_ms = now_ms;
    if (is_again)
        return;
    progress->done_position = position;
    progress->floor_position = venue->chunk_count > 0 ? venue->chunks[0].position : position + 1;
    progress->until_ms = MAX(progress->until_ms, end_ms);
    progress->plan_mark = venue->plan_mark;
    venue->has_effects = true;
    close_hours(venue, floor_to_ms(end_ms - WALKED_SILENT_MS, PATHS_HOUR_MS));
}

void walked_venue_wait(struct walked_venue *venue, int64_t now_ms)
{
    struct walked_progress *progress = &venue->progress;
    if (progress->done_position == 0 || now_ms < venue->heard_ms + WALKED_SILENT_MS)
        return;
    if (walked_venue_is_open(venue)) {
        let_all_go(venue);
        progress->floor_position = progress->done_position + 1;
    }
    /* The hour of what came late is later than anybody was heard, and would stay open for ever. */
    int64_t last_ms =
        MAX(floor_to_ms(progress->until_ms - 1, PATHS_HOUR_MS), progress->trips_ms) + PATHS_HOUR_MS;
    close_hours(venue, MIN(last_ms, floor_to_ms(now_ms - WALKED_SILENT_MS, PATHS_HOUR_MS)));
}

void walked_venue_each_inside(const struct walked_venue *venue,
                              void (*visit)(void *context, const struct visit *visit),
                              void *context)
{
    walkers_each_open(venue->walkers, visit, context);
}
