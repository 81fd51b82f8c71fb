// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "crowd/builders.h"
#include "crowd/measures/measures.h"

static const char *const NOBODY[] = {NULL};

TEST(stopped_is_who_walked_a_while_ago_and_does_not_now)
{
    SCOPED(strides) strides = strides_create();
    struct tracker_person people[] = {{.id = 1}, {.id = 2}};
    size_t count;
    int64_t at_ms = 1000;
    people[0].vx = 0.5; /* walks; the other has never */
    strides_step(strides, at_ms, people, 2);
    people[0].vx = 0.25; /* slow, not stopped */
    strides_step(strides, at_ms += 100, people, 2);
    CHECK(!strides_peek(strides, &count)[0].is_stopped);
    people[0].vx = 0.19;
    strides_step(strides, at_ms += 100, people, 2);
    CHECK(strides_peek(strides, &count)[0].is_stopped);
    CHECK(!strides_peek(strides, &count)[1].is_stopped);
    people[0].vx = 0.25; /* not yet going again */
    strides_step(strides, at_ms += 100, people, 2);
    CHECK(strides_peek(strides, &count)[0].is_stopped);
    people[0].vx = 0.3;
    strides_step(strides, at_ms += 100, people, 2);
    CHECK(!strides_peek(strides, &count)[0].is_stopped);
    people[0].vx = 0;
    for (int i = 0; i < 59; i++)
        strides_step(strides, at_ms += 1000, people, 2);
    CHECK(strides_peek(strides, &count)[0].is_stopped);
    for (int i = 0; i < 2; i++)
        strides_step(strides, at_ms += 1000, people, 2);
    CHECK(!strides_peek(strides, &count)[0].is_stopped); /* stands, as an audience does */
}

TEST(speed_has_a_mean_and_a_median)
{
    const struct tracker_person people[] = {
        {.id = 1, .vx = 3, .vy = 4}, {.id = 2, .vx = 1}, {.id = 3, .vy = -2}, {.id = 4, .vx = 9}};
    const struct stride strides[4] = {{.is_stopped = true}};
    const uint32_t persons[] = {0, 1, 2, 3};
    double scratch[4];
    struct speed four = speed_of(persons, 4, people, strides, scratch);
    CHECK_NEAR(four.mean_m_s, 17.0 / 4, 1e-12);
    CHECK_NEAR(four.median_m_s, 3.5, 1e-12);
    CHECK_NEAR(four.stopped_share, 0.25, 1e-12);
    CHECK_NEAR(speed_of(persons, 3, people, strides, scratch).median_m_s, 2, 1e-12);
    CHECK_NEAR(speed_of(persons, 0, people, strides, scratch).mean_m_s, 0, 0);
}

TEST(a_crowd_that_stops_and_goes_and_stops_has_waves)
{
    struct waves waves = {0};
    int64_t at_ms = 0;
    waves_take(&waves, at_ms, 20, 0.9); /* not seen to have gone before */
    waves_take(&waves, at_ms += 10000, 20, 0.1);
    waves_take(&waves, at_ms += 10000, 20, 0.6);
    waves_take(&waves, at_ms += 10000, 20, 0.4); /* neither */
    waves_take(&waves, at_ms += 10000, 20, 0.6);
    CHECK(!waves_are_there(&waves, at_ms));
    waves_take(&waves, at_ms += 10000, 20, 0.25);
    waves_take(&waves, at_ms += 10000, 7, 1); /* too few to tell */
    CHECK(!waves_are_there(&waves, at_ms));
    waves_take(&waves, at_ms += 10000, 20, 0.5);
    CHECK(waves_are_there(&waves, at_ms));
    CHECK(!waves_are_there(&waves, at_ms + 70000)); /* the first is two minutes ago */
}

static enum trend_kind trend_of(double density_from, double density_to, double flow_from,
                                double flow_to)
{
    struct trend trend = {0};
    for (int i = 0; i <= 650; i++) {
        double t = i / 650.0;
        trend_take(&trend, 1000000 + 100 * i, density_from + t * (density_to - density_from),
                   flow_from + t * (flow_to - flow_from));
    }
    return trend_tell(&trend);
}

TEST(rising_density_with_falling_flow_is_past_the_critical_point)
{
    CHECK(trend_of(2.5, 4.0, 1.8, 1.2) == TREND_PAST_CRITICAL);
    CHECK(trend_of(2.5, 4.0, 1.2, 1.8) == TREND_FILLING);
    CHECK(trend_of(2.5, 4.0, 1.8, 1.7) == TREND_FILLING); /* flow has hardly changed */
    CHECK(trend_of(0.5, 1.5, 1.2, 0.6) == TREND_FILLING); /* people come and stand: no crush */
    CHECK(trend_of(2.5, 2.6, 1.8, 1.0) == TREND_STEADY);
    CHECK(trend_of(4.0, 2.5, 1.8, 1.2) == TREND_EMPTYING);
    CHECK(trend_of(0.1, 0.25, 0.1, 0.2) == TREND_STEADY);
}

TEST(a_trend_is_told_after_a_minute_and_not_across_a_gap)
{
    struct trend trend = {0};
    int64_t at_ms = 0;
    CHECK(trend_tell(&trend) == TREND_UNKNOWN);
    for (; at_ms < 60000; at_ms += 100)
        trend_take(&trend, at_ms, 3, 1);
    CHECK(trend_tell(&trend) == TREND_UNKNOWN);
    trend_take(&trend, at_ms, 3, 1);
    CHECK(trend_tell(&trend) == TREND_STEADY);
    trend_take(&trend, at_ms + 5100, 3, 1);
    CHECK(trend_tell(&trend) == TREND_UNKNOWN);
}

TEST(levels_of_service_are_fruins)
{
    CHECK(service_walking(0) == SERVICE_A);
    CHECK(service_walking(0.31) == SERVICE_A);
    CHECK(service_walking(0.32) == SERVICE_B);
    CHECK(service_walking(0.72) == SERVICE_C);
    CHECK(service_walking(1.08) == SERVICE_D);
    CHECK(service_walking(2.17) == SERVICE_E);
    CHECK(service_walking(2.18) == SERVICE_F);
    CHECK(service_flow(23) == SERVICE_A);
    CHECK(service_flow(49.1) == SERVICE_D);
    CHECK(service_flow(82) == SERVICE_E);
    CHECK(service_flow(139) == SERVICE_F);
    CHECK(service_standing(0.83) == SERVICE_A);
    CHECK(service_standing(1.08) == SERVICE_B);
    CHECK(service_standing(2) == SERVICE_D);
    CHECK(service_standing(5.38) == SERVICE_E);
    CHECK(service_standing(5.5) == SERVICE_F);
}

/* A corridor, 4 m by 20 m, filled by rows of people who walk, then by more who walk slower. */
static void walk_rows(struct measures *measures, int64_t *at_ms, int rows, double speed_m_s)
{
    static struct tracker_person people[400];
    for (int moment = 0; moment < 350; moment++, *at_ms += 100) {
        size_t count = 0;
        for (int row = 0; row < rows; row++) {
            for (int lane = 0; lane < 10; lane++, count++)
                people[count] = (struct tracker_person){.id = count + 1,
                                                        .x = 20.0 * (row + 0.5) / rows,
                                                        .y = 0.2 + 0.4 * lane,
                                                        .vx = speed_m_s};
        }
        measures_step(measures, *at_ms, people, count);
    }
}

TEST(a_corridor_that_jams_is_told_from_its_figures)
{
    const struct zone_box zones[] = {{"corridor", 0, 0, 20, 4}, {"empty", 30, 0, 40, 4}};
    struct venue_view *view = build_view(zones, 2, NOBODY);
    SCOPED(crowd_map) map = crowd_map_create(view);
    shared_unref(&view->shared);
    static const struct point FLOOR[] = {{0, 0}, {20, 0}, {20, 4}, {0, 4}};
    const struct ring floor = {FLOOR, 4, RING_FLOOR};
    const struct measures_scope scope = {.map = map, .floor = &floor, .floor_ring_count = 1};
    SCOPED(measures) measures = NULL;
    CHECK(measures_create(&scope, &measures) == ERR_NONE);
    int64_t at_ms = 1000;
    size_t count;
    walk_rows(measures, &at_ms, 16, 0.9); /* 160 people on 80 m² */
    const struct zone_measures *zone = measures_zones(measures, &count);
    CHECK_INT(count, 2);
    CHECK_NEAR(zone->density.per_m2, 2, 1e-9);
    CHECK_NEAR(zone->density.classic_per_m2, 2, 1e-9);
    CHECK_NEAR(zone->density.flow_per_m_s, 1.8, 1e-9);
    CHECK_NEAR(zone->speed.mean_m_s, 0.9, 1e-9);
    CHECK(zone->walking == SERVICE_E);
    CHECK(zone->flowing == SERVICE_F); /* 108 persons/min/m */
    CHECK(zone->standing == SERVICE_D);
    walk_rows(measures, &at_ms, 32, 0.15);
    CHECK_NEAR(zone->density.per_m2, 4, 1e-9);
    CHECK_NEAR(zone->density.flow_per_m_s, 0.6, 1e-9);
    CHECK(zone->trend == TREND_PAST_CRITICAL);
    CHECK_NEAR(zone->speed.stopped_share, 0.5, 1e-9); /* the half that was seen to walk */
    CHECK(!zone->has_waves);                          /* one stop is none */
    measures_forget(measures, 0);
    measures_step(measures, at_ms, NULL, 0);
    CHECK(zone->trend == TREND_UNKNOWN);
    CHECK(zone[1].density.method == DENSITY_NONE); /* outside the floor */
}
