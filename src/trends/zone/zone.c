// SPDX-License-Identifier: Apache-2.0
#include "trends/zone/zone.h"

#include "base/text.h"

#include <math.h>

#define MINUTE_MS 60000

const char *const zone_source_names[] = {"unknown", "cameras", "counters", "counters and cameras",
                                         NULL};

static const struct occupancy_settings *settings_from(double people, double deviation,
                                                      struct occupancy_settings *out)
{
    *out = OCCUPANCY_DEFAULTS;
    out->people = people;
    out->people_deviation = deviation;
    return out;
}

void zone_init(struct zone_state *zone)
{
    *zone = (struct zone_state){.minute = INT64_MIN,
                                .second_ms = INT64_MIN,
                                .passed_ms = INT64_MIN,
                                .five = INT64_MIN,
                                .people = {.step_s = MINUTE_MS / 1000}};
    occupancy_init(&zone->occupancy, &OCCUPANCY_DEFAULTS);
    enum err err = forecaster_create(&FORECAST_MINUTES, &zone->forecaster);
    assert(err == ERR_NONE);
    err = unusual_create(ZONE_UNUSUAL_STEP_S, ZONE_SLOT_S, &zone->unusual);
    assert(err == ERR_NONE);
}

void zone_fini(struct zone_state *zone)
{
    forecaster_destroy(zone->forecaster);
    unusual_destroy(zone->unusual);
    mem_free(zone->counters);
    zone->forecaster = NULL;
    zone->unusual = NULL;
    zone->counters = NULL;
    zone->counter_count = 0;
}

/* --- a minute is over --- */

static double camera_deviation(const struct zone_state *zone, double people)
{
    bool is_partly = zone->partly * 2 > zone->people.seconds;
    double share = is_partly ? ZONE_PARTLY_SHARE : ZONE_CAMERA_SHARE;
    return sqrt(1 + share * share * people * people);
}

static void see(struct zone_state *zone, int64_t at_ms, double people, double deviation)
{
    struct occupancy *occupancy = &zone->occupancy;
    bool is_start =
        occupancy->camera_ms == INT64_MIN && at_ms - zone->counting_since_ms <= ZONE_SETTLE_MS;
    if (!is_start) {
        occupancy_see(occupancy, at_ms, people, deviation);
        return;
    }
    struct occupancy_settings settings;
    occupancy_init(occupancy, settings_from(people, deviation, &settings));
    occupancy->at_ms = occupancy->camera_ms = at_ms;
}

static void tell_inside(struct zone_state *zone, bool is_counting, double cameras, double deviation)
{
    struct zone_told *told = &zone->told;
    bool has_cameras = cameras >= 0;
    if (!is_counting) {
        told->inside_source = ZONE_CAMERAS;
        told->inside = cameras;
        told->deviation = deviation;
        return;
    }
    struct occupancy_estimate estimate = occupancy_tell(&zone->occupancy);
    told->inside_source = has_cameras ? ZONE_BOTH : ZONE_COUNTERS;
    told->inside = estimate.people;
    told->deviation = estimate.deviation;
    told->counted = zone->occupancy.counted;
    told->missed_in = estimate.missed_in;
    told->missed_out = estimate.missed_out;
    told->has_disagreement = has_cameras;
    told->disagreement = has_cameras ? estimate.disagreement : 0;
    told->disagreement_sigmas = has_cameras ? estimate.disagreement_sigmas : 0;
}

/* From the middle of the latest minute to its end, where the telling stands. */
static double from_end(double s)
{
    return s <= 0 ? s : fmax(0, s - 30);
}

static void tell_ahead(struct zone_state *zone, const struct zone_surroundings *around,
                       int64_t at_ms)
{
    struct zone_told *told = &zone->told;
    int64_t offset_ms = zone_clock_offset_ms(around->clock, at_ms);
    forecaster_add(zone->forecaster, at_ms, offset_ms, told->people);
    (void)forecaster_tell(zone->forecaster, told->ahead); /* just added */
    told->is_capacity_known = around->capacity > 0;
    if (!told->is_capacity_known)
        return;
    struct time_to_capacity to = forecaster_time_to(zone->forecaster, around->capacity);
    told->to_capacity = (struct time_to_capacity){from_end(to.soonest_s), from_end(to.middle_s),
                                                  from_end(to.latest_s)};
}

static void judge(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms)
{
    int64_t five = at_ms / (ZONE_UNUSUAL_STEP_S * 1000) - (at_ms < 0);
    if (five != zone->five && zone->five_count * 2 > ZONE_UNUSUAL_STEP_S * 1000 / MINUTE_MS) {
        int64_t five_ms = zone->five * ZONE_UNUSUAL_STEP_S * 1000;
        int64_t offset_ms = zone_clock_offset_ms(around->clock, five_ms);
        struct unusual_verdict verdict =
            unusual_judge(zone->unusual, five_ms, offset_ms, zone->five_sum / zone->five_count);
        zone->told.phase = (int)verdict.phase;
        zone->told.strength = verdict.strength;
        zone->told.usual_people = verdict.usual_people;
    }
    if (five != zone->five) {
        zone->five = five;
        zone->five_sum = 0;
        zone->five_count = 0;
    }
    zone->five_sum += zone->told.people;
    zone->five_count++;
}

/* The judge's verdict stays until there is a newer one; all else is of this minute. */
static void begin_telling(struct zone_state *zone, int64_t at_ms)
{
    const struct zone_told before = zone->told;
    zone->told = (struct zone_told){.at_ms = at_ms,
                                    .cameras = -1,
                                    .phase = before.phase,
                                    .strength = before.strength,
                                    .usual_people = before.usual_people};
}

static void close_minute(struct zone_state *zone, const struct zone_surroundings *around,
                         int64_t minute)
{
    double cameras = -1, deviation = 0;
    int64_t begin_ms = minute * MINUTE_MS;
    bool is_counting = zone->passed_ms != INT64_MIN &&
                       begin_ms - zone->passed_ms <= ZONE_HOLD_MINUTES * (int64_t)MINUTE_MS;
    if (zone->people.number != minute || !step_mean(&zone->people, &cameras))
        cameras = -1;
    if (cameras < 0 && !is_counting)
        return;
    if (cameras >= 0)
        deviation = camera_deviation(zone, cameras);
    if (cameras >= 0 && is_counting)
        see(zone, begin_ms + MINUTE_MS, cameras, deviation);
    begin_telling(zone, begin_ms + MINUTE_MS);
    zone->told.cameras = cameras;
    tell_inside(zone, is_counting, cameras, deviation);
    zone->told.source = cameras >= 0 ? ZONE_CAMERAS : ZONE_COUNTERS;
    zone->told.people = cameras >= 0 ? cameras : zone->told.inside;
    tell_ahead(zone, around, begin_ms);
    judge(zone, around, begin_ms);
    if (around->told != NULL)
        around->told(around->context, zone);
}

static void advance(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms)
{
    int64_t minute = at_ms / MINUTE_MS - (at_ms % MINUTE_MS < 0);
    if (zone->minute == INT64_MIN)
        zone->minute = minute;
    if (minute <= zone->minute)
        return;
    int64_t last = MIN(minute, zone->minute + 1 + ZONE_HOLD_MINUTES);
    for (int64_t closed = zone->minute; closed < last; closed++)
        close_minute(zone, around, closed);
    zone->minute = minute;
    zone->people = (struct step){.step_s = MINUTE_MS / 1000, .number = minute};
    zone->partly = 0;
}

/* --- what is heard --- */

void zone_count(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms,
                double people)
{
    if (at_ms <= zone->second_ms || !isfinite(people) || people < 0)
        return; /* told before, perhaps corrected since; its minute may be told already */
    zone->second_ms = at_ms;
    advance(zone, around, at_ms);
    if (at_ms < zone->minute * MINUTE_MS)
        return;
    int64_t unused_ms;
    double unused;
    (void)step_add(&zone->people, at_ms, people, &unused_ms, &unused); /* closed by advance() */
}

void zone_miss_cameras(struct zone_state *zone, const struct zone_surroundings *around,
                       int64_t at_ms, double cameras)
{
    advance(zone, around, at_ms);
    zone->partly += cameras > 0 && at_ms >= zone->minute * MINUTE_MS;
}

static struct counter *find_counter(struct zone_state *zone, const char *name)
{
    for (size_t i = 0; i < zone->counter_count; i++) {
        if (strcmp(zone->counters[i].name, name) == 0)
            return &zone->counters[i];
    }
    if (zone->counter_count == LIMIT_ZONE_COUNTERS)
        return NULL;
    zone->counters = mem_resize(zone->counters, (zone->counter_count + 1) * sizeof *zone->counters);
    struct counter *counter = &zone->counters[zone->counter_count++];
    *counter = (struct counter){.fault = COUNTER_WELL};
    (void)text_copy(counter->name, sizeof counter->name, name);
    return counter;
}

bool zone_hear_counter(struct zone_state *zone, const struct zone_surroundings *around,
                       const struct zone_message *message)
{
    struct counter *counter = find_counter(zone, message->counter);
    if (counter == NULL) {
        zone->left_out += zone->left_out < UINT32_MAX;
        zone->left_out_ms = message->heard_ms;
        return false;
    }
    double passed = counter_hear(counter, message->measure, message->at_ms, message->value);
    advance(zone, around, message->heard_ms);
    if (zone->passed_ms == INT64_MIN)
        zone->counting_since_ms = message->heard_ms;
    zone->passed_ms = MAX(zone->passed_ms, message->heard_ms);
    bool is_in = (message->measure->way == COUNT_IN) != message->is_reverse;
    occupancy_pass(&zone->occupancy, message->heard_ms, is_in ? passed : 0, is_in ? 0 : passed);
    return true;
}

void zone_keep_counters(struct zone_state *zone,
                        bool (*is_kept)(const void *context, const char *counter),
                        const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < zone->counter_count; i++) {
        if (is_kept(context, zone->counters[i].name))
            zone->counters[kept++] = zone->counters[i];
    }
    zone->counter_count = kept;
    if (kept < LIMIT_ZONE_COUNTERS)
        zone->left_out = 0;
}

void zone_set(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms,
              double people)
{
    if (!isfinite(people) || people < 0)
        return;
    advance(zone, around, at_ms);
    occupancy_set(&zone->occupancy, at_ms, people);
    if (zone->told.inside_source >= ZONE_COUNTERS) /* who said it wants to see it */
        tell_inside(zone, true, zone->told.cameras, 0);
}
