// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/season.h"

#include "base/test.h"

#include <math.h>

static const int64_t MONDAY_MS = 1781481600000; /* 2026-06-15T00:00Z */
static const int64_t HOUR_MS = 3600000, DAY_MS = 86400000;

static struct season season; /* large */

/* Whole weeks of hours, each told the root of its number in the week. */
static void learn_weeks(int weeks)
{
    season_init(&season, 3600);
    for (int hour = 0; hour <= weeks * 168; hour++)
        season_add(&season, MONDAY_MS + hour * HOUR_MS, hour % 168);
}

TEST(each_hour_of_the_week_has_its_own_level_and_weeks_begin_on_monday)
{
    learn_weeks(3);
    for (int hour = 0; hour < 168; hour++) {
        struct season_expectation usual =
            season_expect(&season, MONDAY_MS + 35 * DAY_MS + hour * HOUR_MS, 3600);
        CHECK_INT(usual.weeks, 3);
        /* Mostly its own, a little of the mean of the time of day. */
        double level = (3 * hour + 0.5 * season.day[hour % 24].level) / 3.5;
        CHECK_NEAR(usual.level, level, 1e-6);
        CHECK_INT(usual.days, 21);
    }
    CHECK_INT(season.week[0].level, 0);
    CHECK_INT(season.week[167].level, 167);
}

TEST(an_hour_seen_on_other_days_only_is_expected_as_on_those)
{
    season_init(&season, 3600);
    for (int day = 0; day < 3; day++) {
        season_add(&season, MONDAY_MS + day * DAY_MS + 9 * HOUR_MS, 20);
        season_add(&season, MONDAY_MS + day * DAY_MS + 10 * HOUR_MS, 40);
    }
    struct season_expectation usual =
        season_expect(&season, MONDAY_MS + 4 * DAY_MS + 9 * HOUR_MS, 3600);
    CHECK(usual.weeks == 0 && usual.days == 3 && usual.level == 20);
    usual = season_expect(&season, MONDAY_MS + 4 * DAY_MS + 11 * HOUR_MS, 3600);
    CHECK(usual.weeks == 0 && usual.days == 0);
    CHECK(usual.deviation == SEASON_DEVIATION_MIN);
}

TEST(the_hour_that_lasts_is_no_part_of_its_own_answer)
{
    season_init(&season, 3600);
    season_add(&season, MONDAY_MS, 10);
    CHECK_INT(season_expect(&season, MONDAY_MS, 3600).days, 0);
    season_add(&season, MONDAY_MS + HOUR_MS, 10);
    CHECK_INT(season_expect(&season, MONDAY_MS, 3600).days, 1);
}

TEST(one_odd_week_moves_the_level_by_its_clip_at_most)
{
    season_init(&season, 3600);
    for (int week = 0; week < 20; week++) {
        season_add(&season, MONDAY_MS + week * 7 * DAY_MS, 10);
        season_add(&season, MONDAY_MS + week * 7 * DAY_MS + HOUR_MS, 10);
    }
    season_add(&season, MONDAY_MS + 20 * 7 * DAY_MS, 500);
    season_add(&season, MONDAY_MS + 20 * 7 * DAY_MS + HOUR_MS, 10);
    CHECK_NEAR(season.week[0].level, 10 + SEASON_GAIN * SEASON_CLIP * SEASON_DEVIATION_MIN, 1e-9);
    CHECK(season.week[0].deviation < 0.25);
}

TEST(between_the_middles_of_slots_short_steps_are_interpolated)
{
    season_init(&season, 3600);
    for (int hour = 0; hour < 24; hour++)
        season_add(&season, MONDAY_MS + hour * HOUR_MS, 10 * hour);
    int64_t ten_ms = MONDAY_MS + 10 * HOUR_MS;
    CHECK_NEAR(season_expect(&season, ten_ms + HOUR_MS / 2, 60).level, 100, 1e-6);
    CHECK_NEAR(season_expect(&season, ten_ms, 60).level, 95, 1e-6);
    CHECK_NEAR(season_expect(&season, ten_ms + HOUR_MS * 3 / 4, 60).level, 102.5, 1e-6);
    CHECK_NEAR(season_expect(&season, ten_ms, 3600).level, 100, 1e-6);
}

TEST(counts_pass_through_their_roots_unharmed)
{
    for (double count = 0; count < 100000; count = 2 * count + 1)
        CHECK_NEAR(count_of_root(root_of_count(count)), count, 1e-6);
    CHECK(count_of_root(-3) == 0 && count_of_root(0.1) == 0);
    CHECK(root_of_count(-5) == root_of_count(0));
}
