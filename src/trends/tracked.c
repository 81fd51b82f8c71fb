// SPDX-License-Identifier: Apache-2.0
#include "trends/tracked.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "readings/readings.h"
#include "trends/trends.h"

#include <stdio.h>

#define AHEAD(minutes)                                                                             \
    "people_in_" minutes "_min", "people_in_" minutes "_min_low", "people_in_" minutes "_min_high"

const char *const output_measure_names[OUTPUTS] = {"occupancy",
                                                   "occupancy_deviation",
                                                   "occupancy_disagreement",
                                                   "occupancy_disagreement_sigmas",
                                                   AHEAD("5"),
                                                   AHEAD("15"),
                                                   AHEAD("30"),
                                                   "time_to_capacity_s",
                                                   "unusual"};

static const struct count_measure LINE_IN = {"to_left", COUNT_IN, COUNT_INCREMENT};
static const struct count_measure LINE_OUT = {"to_right", COUNT_OUT, COUNT_INCREMENT};

static struct metric passages_refused =
    METRIC_COUNTER("muster_trends_passages_refused_total",
                   "Messages of counters and lines that a zone did not count: over "
                   "LIMIT_ZONE_COUNTERS.");

void tracked_fini(struct tracked *tracked)
{
    for (size_t i = 0; i < tracked->zone_count; i++)
        zone_fini(&tracked->zones[i].state);
    mem_free(tracked->zones);
    mem_free(tracked->routes);
    mem_free(tracked->outputs);
    mem_free(tracked->clock);
    tracked->zones = NULL;
    tracked->zone_count = tracked->route_count = tracked->output_count = 0;
}

/* --- which reading goes where --- */

struct route_list {
    struct route *list;
    size_t count, size;
};

static struct route *add_route(struct route_list *routes, enum route_kind kind, uint32_t zone)
{
    if (routes->count == routes->size) {
        routes->size = routes->size == 0 ? 64 : 2 * routes->size;
        routes->list = mem_resize(routes->list, routes->size * sizeof *routes->list);
    }
    struct route *route = &routes->list[routes->count++];
    *route = (struct route){.kind = kind, .zone = zone};
    return route;
}

static void route_zone(struct route_list *routes, const struct zone *zone, uint32_t z)
{
    static const struct {
        const char *measure;
        enum route_kind kind;
    } MEASURES[] = {{"people", ROUTE_PEOPLE},
                    {"cameras_silent", ROUTE_CAMERAS_SILENT},
                    {"occupancy_set", ROUTE_SET}};
    for (size_t i = 0; i < COUNT_OF(MEASURES); i++) {
        struct route *route = add_route(routes, MEASURES[i].kind, z);
        (void)snprintf(route->series, sizeof route->series, "zone.%s:%s", zone->id,
                       MEASURES[i].measure);
    }
}

static void route_passage(struct route_list *routes, const char *prefix, const char *id,
                          const struct count_measure *measure, uint32_t into, uint32_t from)
{
    const uint32_t zones[] = {into, from};
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        if (zones[i] == LINE_NO_ZONE)
            continue;
        struct route *route = add_route(routes, ROUTE_COUNTER, zones[i]);
        route->measure = measure;
        route->is_reverse = i == 1;
        (void)snprintf(route->series, sizeof route->series, "%s%s:%s", prefix, id, measure->name);
    }
}

static int compare_routes(const void *a, const void *b)
{
    return strcmp(((const struct route *)a)->series, ((const struct route *)b)->series);
}

static void make_routes(struct tracked *tracked, const struct venue_view *view)
{
    struct route_list routes = {0};
    for (uint32_t z = 0; z < view->zone_count; z++)
        route_zone(&routes, &view->zones[z], z);
    for (size_t l = 0; l < view->line_count; l++) {
        const struct venue_line *line = &view->lines[l];
        route_passage(&routes, "line.", line->id, &LINE_IN, line->left_zone, line->right_zone);
        route_passage(&routes, "line.", line->id, &LINE_OUT, line->left_zone, line->right_zone);
    }
    for (size_t d = 0; d < view->device_count; d++) {
        const struct device *device = &view->devices[d];
        for (size_t m = 0; device->kind == DEVICE_COUNTER && m < COUNT_MEASURES; m++)
            route_passage(&routes, "", device->id, &count_measures[m], device->counts_into,
                          device->counts_from);
    }
    if (routes.count > 1)
        qsort(routes.list, routes.count, sizeof *routes.list, compare_routes);
    mem_free(tracked->routes);
    tracked->routes = routes.list;
    tracked->route_count = routes.count;
}

/* --- the zones --- */

struct tracked_zone *tracked_find(struct tracked *tracked, const char *zone)
{
    for (size_t i = 0; i < tracked->zone_count; i++) {
        if (strcmp(tracked->zones[i].id, zone) == 0)
            return &tracked->zones[i];
    }
    return NULL;
}

/* Rows are written by turns: zones that come together are not due together. */
static int64_t turn_us(size_t index)
{
    return (int64_t)(index * 61 % 64) * (TRENDS_SAVE_MS / 64) * 1000;
}

void tracked_follow(struct tracked *tracked, const struct venue_view *view, int64_t now_us)
{
    struct tracked_zone *zones = mem_new_array(view->zone_count + 1, sizeof *zones);
    for (size_t z = 0; z < view->zone_count; z++) {
        struct tracked_zone *old = tracked_find(tracked, view->zones[z].id);
        if (old != NULL) {
            zones[z] = *old;
            old->id[0] = '\0'; /* its state has moved */
        } else {
            (void)text_copy(zones[z].id, sizeof zones[z].id, view->zones[z].id);
            zones[z].saved_us = now_us - turn_us(z);
            zone_init(&zones[z].state);
        }
        zones[z].capacity = (double)view->zones[z].capacity_persons;
    }
    for (size_t i = 0; i < tracked->zone_count; i++) {
        if (tracked->zones[i].id[0] != '\0')
            zone_fini(&tracked->zones[i].state);
    }
    mem_free(tracked->zones);
    tracked->zones = zones;
    tracked->zone_count = view->zone_count;
    tracked->version = view->version;
    make_routes(tracked, view);
    tracked_drop_counters(tracked);
}

/* The first route whose series is not before this one. */
static size_t first_route(const struct tracked *tracked, const char *series)
{
    size_t low = 0, high = tracked->route_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(tracked->routes[middle].series, series) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct leading {
    const struct tracked *tracked;
    size_t zone;
};

static bool leads_to(const void *context, const char *counter)
{
    const struct leading *leading = context;
    const struct tracked *tracked = leading->tracked;
    char prefix[COUNTER_NAME_LEN + 2];
    int len = snprintf(prefix, sizeof prefix, "%s:", counter);
    for (size_t r = first_route(tracked, prefix); r < tracked->route_count; r++) {
        const struct route *route = &tracked->routes[r];
        if (strncmp(route->series, prefix, (size_t)len) != 0)
            return false;
        if (route->kind == ROUTE_COUNTER && route->zone == leading->zone)
            return true;
    }
    return false;
}

void tracked_drop_counters(struct tracked *tracked)
{
    for (size_t z = 0; z < tracked->zone_count; z++)
        zone_keep_counters(&tracked->zones[z].state, leads_to, &(struct leading){tracked, z});
}

/* --- what they tell --- */

struct telling {
    struct tracked *tracked;
    const struct tracked_zone *zone;
    bool is_muted;
};

static void add_output(const struct telling *telling, enum output_measure measure, double value)
{
    struct tracked *tracked = telling->tracked;
    if (tracked->output_count == tracked->output_size) {
        tracked->output_size = tracked->output_size == 0 ? 256 : 2 * tracked->output_size;
        tracked->outputs =
            mem_resize(tracked->outputs, tracked->output_size * sizeof *tracked->outputs);
    }
    struct output *output = &tracked->outputs[tracked->output_count++];
    *output = (struct output){
        .measure = measure, .at_ms = telling->zone->state.told.at_ms, .value = value};
    memcpy(output->zone, telling->zone->id, sizeof output->zone);
}

/* "Not within the furthest horizon" as a number that a rule can recover on. */
static double capped_s(double s)
{
    const double furthest_s =
        FORECAST_MINUTES.horizons_steps[FORECAST_HORIZONS - 1] * (double)FORECAST_MINUTES.step_s;
    return s < 0 ? furthest_s : MIN(s, furthest_s);
}

static void note_told(void *context, const struct zone_state *zone)
{
    const struct telling *telling = context;
    const struct zone_told *told = &zone->told;
    if (telling->is_muted)
        return;
    telling->tracked->is_told = true;
    add_output(telling, OUTPUT_OCCUPANCY, told->inside);
    add_output(telling, OUTPUT_DEVIATION, told->deviation);
    if (told->has_disagreement) {
        add_output(telling, OUTPUT_DISAGREEMENT, told->disagreement);
        add_output(telling, OUTPUT_DISAGREEMENT_SIGMAS, told->disagreement_sigmas);
    }
    for (int h = 0; h < FORECAST_HORIZONS; h++) {
        const double values[] = {told->ahead[h].people, told->ahead[h].low_80,
                                 told->ahead[h].high_80};
        for (int i = 0; i < 3; i++)
            add_output(telling, (enum output_measure)(OUTPUT_AHEAD + 3 * h + i), values[i]);
    }
    if (told->is_capacity_known)
        add_output(telling, OUTPUT_TO_CAPACITY, capped_s(told->to_capacity.middle_s));
    if (told->phase != UNUSUAL_PROBATION)
        add_output(telling, OUTPUT_UNUSUAL, told->strength);
}

/* --- what is taken --- */

static void note_left_out(const struct telling *telling, const char *counter)
{
    const struct tracked *tracked = telling->tracked;
    if (telling->is_muted)
        return;
    metric_add(&passages_refused, 1);
    if (telling->zone->state.left_out == 1)
        log_write(LOG_WARN, "trends", "too many counters and lines of a zone; more are not counted",
                  "event=%s venue=%s zone=%s counter=%s limit=%d", tracked->event, tracked->venue,
                  telling->zone->id, counter, LIMIT_ZONE_COUNTERS);
}

static void take_counter(const struct telling *telling, struct zone_state *zone,
                         const struct zone_surroundings *around, const struct route *route,
                         const struct zone_message *message)
{
    char name[COUNTER_NAME_LEN + 1];
    size_t len = MIN(strcspn(route->series, ":"), (size_t)COUNTER_NAME_LEN);
    memcpy(name, route->series, len);
    name[len] = '\0';
    struct zone_message named = *message;
    named.counter = name;
    named.measure = route->measure;
    named.is_reverse = route->is_reverse;
    if (!zone_hear_counter(zone, around, &named))
        note_left_out(telling, name);
}

static void take_by_route(struct tracked *tracked, const struct tracked_moment *moment,
                          const struct route *route, const struct reading *reading)
{
    struct tracked_zone *zone = &tracked->zones[route->zone];
    if (moment->position <= zone->position)
        return; /* its row knows */
    struct telling telling = {tracked, zone, moment->is_muted};
    const struct zone_surroundings around = {.clock = tracked->clock,
                                             .capacity = zone->capacity,
                                             .told = note_told,
                                             .context = &telling};
    if (zone->dirty_from == 0)
        zone->dirty_from = moment->position;
    /* A clock that is ahead must not close minutes that are still to come. */
    int64_t at_ms = MIN(reading->at_ms, moment->at_ms);
    switch (route->kind) {
    case ROUTE_PEOPLE:
        zone_count(&zone->state, &around, at_ms, reading->value);
        break;
    case ROUTE_CAMERAS_SILENT:
        zone_miss_cameras(&zone->state, &around, at_ms, reading->value);
        break;
    case ROUTE_COUNTER:
        take_counter(&telling, &zone->state, &around, route,
                     &(struct zone_message){
                         .at_ms = reading->at_ms, .heard_ms = at_ms, .value = reading->value});
        break;
    case ROUTE_SET:
        zone_set(&zone->state, &around, at_ms, reading->value);
        tracked->is_told |= !moment->is_muted;
        break;
    }
}

void tracked_take(struct tracked *tracked, const struct tracked_moment *moment,
                  const struct reading *reading)
{
    for (size_t r = first_route(tracked, reading->series);
         r < tracked->route_count && strcmp(tracked->routes[r].series, reading->series) == 0; r++)
        take_by_route(tracked, moment, &tracked->routes[r], reading);
}
