// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/occupancy.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>

#define MINUTE_MS 60000LL

static void see_estimate(const struct occupancy *occupancy, double people, double tolerance)
{
    CHECK_NEAR(occupancy_tell(occupancy).people, people, tolerance);
}

TEST(without_cameras_the_people_inside_are_those_who_came_less_those_who_left)
{
    struct occupancy occupancy;
    occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
    occupancy_pass(&occupancy, 0, 120, 0);
    occupancy_pass(&occupancy, MINUTE_MS, 30, 50);
    see_estimate(&occupancy, 100, 1e-9);
    /* sqrt(200 x 0.03 by chance + (0.03 x 150)^2 + (0.03 x 50)^2), the shares unknown */
    CHECK_NEAR(occupancy_tell(&occupancy).deviation, sqrt(6 + 20.25 + 2.25), 0.02);
    occupancy_pass(&occupancy, 2 * MINUTE_MS, 0, 500); /* never fewer than none */
    see_estimate(&occupancy, 0, 0);
}

TEST(known_shares_that_counters_miss_are_corrected_at_once)
{
    struct occupancy_settings settings = OCCUPANCY_DEFAULTS;
    settings.missed_in = 0.05;
    struct occupancy occupancy;
    occupancy_init(&occupancy, &settings);
    occupancy_pass(&occupancy, 0, 1000, 0);
    see_estimate(&occupancy, 1050, 1e-9);
}

TEST(a_camera_and_the_counters_meet_in_between_by_how_sure_each_is)
{
    struct occupancy_settings settings = {.people = 100, .people_deviation = 10};
    struct occupancy occupancy;
    occupancy_init(&occupancy, &settings);
    occupancy_see(&occupancy, 0, 110, 10);
    see_estimate(&occupancy, 105, 1e-9);
    CHECK_NEAR(occupancy_tell(&occupancy).deviation, sqrt(50), 1e-9);
    CHECK_NEAR(occupancy_tell(&occupancy).disagreement, -10, 1e-9);
    CHECK_NEAR(occupancy_tell(&occupancy).disagreement_sigmas, -10 / sqrt(200), 1e-9);
    CHECK_NEAR(occupancy_tell(&occupancy).surprise_sigmas, 10 / sqrt(200), 1e-9);
}

/* A day: crowds come from 12 to 18 h and leave from 16 to 23 h; counters miss shares; cameras now and then. */
struct day {
    double missed_in, missed_out;
    int camera_minutes; /* apart; 0 = none */
    double camera_deviation;
    double worst_fused, worst_counters, sum_fused, sum_counters, inside_sigmas;
    int minutes;
};

static double seen_of(struct random_sequence *random, double passed, double missed)
{
    double seen = 0;
    for (int i = 0; i < (int)passed; i++)
        seen += random_uniform(random) >= missed;
    return seen;
}

static void live_through(struct day *day, struct occupancy *occupancy, uint64_t seed)
{
    struct random_sequence random = {.state = seed};
    double truth = 0, counters = 0;
    for (int minute = 0; minute < 24 * 60; minute++) {
        double hour = minute / 60.0;
        double in = floor((hour > 12 && hour < 18 ? 25 : 1) * 2 * random_uniform(&random));
        double out = floor((hour > 16 && hour < 23 ? 21 : 0.9) * 2 * random_uniform(&random));
        out = fmin(out, truth);
        truth += in - out;
        double seen_in = seen_of(&random, in, day->missed_in);
        double seen_out = seen_of(&random, out, day->missed_out);
        counters += seen_in - seen_out;
        occupancy_pass(occupancy, minute * MINUTE_MS, seen_in, seen_out);
        if (day->camera_minutes > 0 && minute % day->camera_minutes == 0) {
            double count = truth + day->camera_deviation * random_normal(&random);
            occupancy_see(occupancy, minute * MINUTE_MS, fmax(0, count), day->camera_deviation);
        }
        struct occupancy_estimate told = occupancy_tell(occupancy);
        day->worst_fused = fmax(day->worst_fused, fabs(told.people - truth));
        day->worst_counters = fmax(day->worst_counters, fabs(counters - truth));
        day->sum_fused += fabs(told.people - truth);
        day->sum_counters += fabs(counters - truth);
        day->inside_sigmas += fabs(told.people - truth) <= 2 * told.deviation + 0.5;
        day->minutes++;
    }
}

TEST(counters_that_drift_for_hours_are_kept_right_by_a_camera_now_and_then)
{
    struct day day = {.missed_in = 0.02, .camera_minutes = 15, .camera_deviation = 60};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct occupancy occupancy;
        occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
        live_through(&day, &occupancy, seed);
    }
    double n = day.minutes, cameras_alone = 60 * 0.798;
    print_message(
        "# counters miss 2 %% of who come, a camera within 60 people every 15 min: mean error "
        "%.1f people (counters alone %.1f, camera alone %.1f), worst %.0f (counters %.0f); "
        "within two deviations %.1f %% of the time\n",
        day.sum_fused / n, day.sum_counters / n, cameras_alone, day.worst_fused, day.worst_counters,
        100 * day.inside_sigmas / n);
    CHECK(day.sum_fused < 0.5 * day.sum_counters);
    CHECK(day.sum_fused / n < 0.5 * cameras_alone);
    CHECK(day.inside_sigmas / n > 0.9);
}

TEST(what_the_counters_miss_is_learned_and_shown_as_a_disagreement)
{
    struct day day = {.missed_in = 0.08, .camera_minutes = 5, .camera_deviation = 20};
    struct occupancy occupancy;
    occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
    live_through(&day, &occupancy, 7);
    struct occupancy_estimate told = occupancy_tell(&occupancy);
    CHECK_NEAR(told.missed_in - told.missed_out, 0.08 / 0.92, 0.03);
    CHECK(told.disagreement < -300);
    CHECK(told.disagreement_sigmas < -1);
    CHECK(fabs(told.surprise_sigmas) < 3);
}

TEST(a_glitch_of_a_camera_does_not_carry_the_estimate_away_but_what_stays_does)
{
    struct occupancy_settings settings = {.people = 1000,
                                          .people_deviation = 20,
                                          .missed_deviation = 0.03,
                                          .camera_correlation_s = 60};
    struct occupancy occupancy;
    occupancy_init(&occupancy, &settings);
    for (int minute = 0; minute < 30; minute++)
        occupancy_see(&occupancy, minute * MINUTE_MS, 1000, 30);
    occupancy_see(&occupancy, 30 * MINUTE_MS, 0, 30);
    CHECK(occupancy_tell(&occupancy).surprise_sigmas < -20);
    CHECK(occupancy_tell(&occupancy).people > 980);
    for (int minute = 31; minute < 400; minute++) {
        occupancy_pass(&occupancy, minute * MINUTE_MS, 5, 5);
        occupancy_see(&occupancy, minute * MINUTE_MS, 600, 30);
    }
    see_estimate(&occupancy, 600, 40);
}

TEST(seconds_of_one_camera_are_not_believed_as_if_they_were_independent)
{
    struct occupancy_settings settings = {
        .people = 0, .people_deviation = 1000, .camera_correlation_s = 60};
    struct occupancy occupancy;
    occupancy_init(&occupancy, &settings);
    for (int second = 0; second < 60; second++)
        occupancy_see(&occupancy, second * 1000, 500, 50);
    CHECK(occupancy_tell(&occupancy).deviation > 30);
    CHECK(occupancy_tell(&occupancy).deviation < 50);
}

TEST(a_zone_known_to_be_empty_starts_again_at_none_and_has_learned)
{
    struct occupancy occupancy;
    occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
    for (int minute = 0; minute < 100; minute++) {
        occupancy_pass(&occupancy, minute * MINUTE_MS, 100, 0);
        occupancy_pass(&occupancy, minute * MINUTE_MS, 0, 98); /* 2 % of the leavers missed */
    }
    see_estimate(&occupancy, 200, 1e-6);
    occupancy_empty(&occupancy, 100 * MINUTE_MS);
    struct occupancy_estimate told = occupancy_tell(&occupancy);
    CHECK(told.people == 0 && told.deviation == 0);
    CHECK_NEAR(told.missed_out - told.missed_in, 0.02, 0.002);
    occupancy_pass(&occupancy, 101 * MINUTE_MS, 1000, 0);
    occupancy_pass(&occupancy, 200 * MINUTE_MS, 0, 980);
    see_estimate(&occupancy, 0, 3);
}

TEST(numbers_that_mean_nothing_are_passed_over)
{
    struct occupancy occupancy;
    occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
    occupancy_pass(&occupancy, 0, 50, NAN);
    occupancy_pass(&occupancy, -1000000, -5, INFINITY);
    occupancy_see(&occupancy, 0, NAN, 1);
    occupancy_see(&occupancy, 0, 10, 0);
    occupancy_see(&occupancy, 0, 10, INFINITY);
    see_estimate(&occupancy, 50, 1e-9);
    CHECK(isfinite(occupancy_tell(&occupancy).deviation));
}

TEST(an_occupancy_that_was_written_and_read_again_is_the_same)
{
    struct day day = {.missed_in = 0.02, .camera_minutes = 10, .camera_deviation = 30};
    struct occupancy one, other;
    occupancy_init(&one, &OCCUPANCY_DEFAULTS);
    live_through(&day, &one, 3);
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    CHECK_INT(occupancy_pack(&one, &bytes, &len), ERR_NONE);
    CHECK_INT(occupancy_unpack(bytes, len, &other), ERR_NONE);
    CHECK(memcmp(&one, &other, sizeof one) == 0);
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)bytes)[i] ^= 4;
        CHECK_INT(occupancy_unpack(bytes, len, &other), ERR_CORRUPT);
        ((uint8_t *)bytes)[i] ^= 4;
    }
}
