// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/unusual.h"

#include "base/random.h"
#include "base/test.h"
#include "trends/nab.h"
#include "trends/predict/real_series_test.h"

#include <math.h>
#include <time.h>

TEST(the_five_odd_days_of_new_yorks_taxis_are_found)
{
    struct real_series series = real_series_read("timeseries/NAB_nyc_taxi.csv.gz", NULL, 1800000);
    const struct nab_series taxi = {series.at_ms, series.people, series.count, series.step_ms};
    bool *is_detection = mem_new_array(series.count, sizeof *is_detection);
    nab_judge(&taxi, is_detection);
    struct nab_result result = nab_score(&taxi, is_detection, nab_taxi_windows, NAB_TAXI_WINDOWS);
    print_message("# nyc_taxi: %zu of 5 windows, %zu false alarms, NAB score %.1f\n", result.found,
                  result.false_alarms, result.score);
    CHECK_INT(result.found, 5);
    CHECK(result.score > 80);
    nab_judge_naively(&taxi, is_detection);
    struct nab_result naive = nab_score(&taxi, is_detection, nab_taxi_windows, NAB_TAXI_WINDOWS);
    CHECK(naive.score < result.score);
    mem_free(is_detection);
    real_series_fini(&series);
}

TEST(the_score_of_the_benchmark_is_100_for_perfect_detections_and_0_for_none)
{
    enum { STEPS = 2000 };
    bool is_detection[STEPS] = {false};
    int64_t at_ms[STEPS];
    for (size_t i = 0; i < STEPS; i++)
        at_ms[i] = (int64_t)i * 1000;
    struct nab_series series = {.at_ms = at_ms, .count = STEPS, .step_ms = 1000};
    struct nab_window windows[2] = {{1000000, 1099000}, {1500000, 1599000}};
    CHECK_NEAR(nab_score(&series, is_detection, windows, 2).score, 0, 1e-9);
    is_detection[1000] = is_detection[1500] = is_detection[1550] = true;
    CHECK_NEAR(nab_score(&series, is_detection, windows, 2).score, 100, 1e-3);
    is_detection[900] = true; /* far from any window: one whole false alarm */
    CHECK_NEAR(nab_score(&series, is_detection, windows, 2).score, 75, 1e-3);
    is_detection[900] = false;
    is_detection[100] = true; /* on probation */
    CHECK_NEAR(nab_score(&series, is_detection, windows, 2).score, 100, 1e-3);
}

TEST(walkers_of_melbourne_raise_few_alarms_in_two_years)
{
    static const char *const SENSORS[] = {"Birrarung Marr", "Bourke Street Mall (North)",
                                          "QV Market-Elizabeth St (West)",
                                          "Southern Cross Station"};
    for (size_t i = 0; i < COUNT_OF(SENSORS); i++) {
        struct real_series series = real_series_read(
            "timeseries/melbourne_pedestrian_hourly_2015_2016.csv.xz", SENSORS[i], 3600000);
        SCOPED(unusual) unusual = NULL;
        CHECK_INT(unusual_create(3600, 3600, &unusual), ERR_NONE);
        size_t episodes = 0;
        for (size_t k = 0; k < series.count; k++)
            episodes += unusual_judge(unusual, series.at_ms[k],
                                      melbourne_offset_ms(series.at_ms[k]), series.people[k])
                            .phase == UNUSUAL_BEGUN;
        print_message("# %s: %zu unusual episodes in %.0f days\n", SENSORS[i], episodes,
                      (double)series.count / 24);
        CHECK(episodes <=
              52); /* one a fortnight; Birrarung Marr is where Melbourne's festivals are */
        real_series_fini(&series);
    }
}

/* --- generated: a zone by the quarter of an hour --- */

static double usual_at(int64_t at_ms)
{
    double hour = (double)(at_ms / 60000 % 1440) / 60;
    bool is_weekend = (at_ms / 86400000 + 3) % 7 >= 5;
    return 20 + (is_weekend ? 600 : 300) * exp(-(hour - 15) * (hour - 15) / 18);
}

static double noisy(struct random_sequence *random, double mean, double *wander)
{
    *wander = 0.95 * *wander + 0.02 * random_normal(random);
    double people = mean * (1 + *wander);
    return fmax(0, people + sqrt(people) * random_normal(random));
}

#define QUARTER_MS 900000LL

TEST(weeks_as_usual_raise_no_alarm_and_a_crowd_at_the_wrong_hour_does_within_two_hours)
{
    size_t false_alarms = 0, found = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct random_sequence random = {.state = seed};
        SCOPED(unusual) unusual = NULL;
        CHECK_INT(unusual_create(900, 900, &unusual), ERR_NONE);
        double wander = 0;
        int64_t odd_from_ms = (8 * 7 + 2) * 86400000LL + 3 * 3600000LL;
        bool is_found = false;
        for (int64_t at_ms = 0; at_ms < odd_from_ms + 7200000; at_ms += QUARTER_MS) {
            double mean = usual_at(at_ms) + (at_ms >= odd_from_ms ? 150 : 0);
            struct unusual_verdict verdict =
                unusual_judge(unusual, at_ms, 0, noisy(&random, mean, &wander));
            CHECK((verdict.phase == UNUSUAL_PROBATION) == (verdict.strength == 0));
            if (verdict.phase != UNUSUAL_BEGUN)
                continue;
            if (at_ms < odd_from_ms)
                false_alarms++;
            else
                is_found = verdict.strength > 0;
        }
        found += is_found;
    }
    print_message("# generated: %zu false alarms in 20 x 58 days, %zu of 20 odd nights found\n",
                  false_alarms, found);
    CHECK_INT(found, 20);
    CHECK(false_alarms <= 2);
}

TEST(nothing_is_unusual_on_probation_and_an_event_of_days_is_judged_from_the_fourth)
{
    SCOPED(unusual) unusual = NULL;
    CHECK_INT(unusual_create(900, 900, &unusual), ERR_NONE);
    struct random_sequence random = {.state = 3};
    double wander = 0;
    for (int64_t at_ms = 0; at_ms < 6 * 86400000LL; at_ms += QUARTER_MS) {
        double people = at_ms / QUARTER_MS == 100 ? 9000 : 100;
        enum unusual_phase phase =
            unusual_judge(unusual, at_ms, 0, noisy(&random, people, &wander)).phase;
        if (at_ms < 3 * 86400000LL)
            CHECK_INT(phase, UNUSUAL_PROBATION);
        else if (at_ms > 5 * 86400000LL)
            CHECK_INT(phase, UNUSUAL_NOT);
    }
    bool is_begun = false;
    for (int64_t at_ms = 6 * 86400000LL; at_ms < 6 * 86400000LL + 7200000; at_ms += QUARTER_MS)
        is_begun |= unusual_judge(unusual, at_ms, 0, 1000).phase == UNUSUAL_BEGUN;
    CHECK(is_begun);
}

TEST(an_episode_is_told_once_and_ends_after_calm)
{
    SCOPED(unusual) unusual = NULL;
    CHECK_INT(unusual_create(900, 900, &unusual), ERR_NONE);
    struct random_sequence random = {.state = 4};
    double wander = 0;
    size_t begun = 0;
    enum unusual_phase phase = UNUSUAL_PROBATION;
    for (int64_t at_ms = 0; at_ms < 40 * 86400000LL; at_ms += QUARTER_MS) {
        bool is_odd = at_ms >= 30 * 86400000LL && at_ms < 30 * 86400000LL + 5 * 3600000;
        double mean = usual_at(at_ms) * (is_odd ? 0.2 : 1) + (is_odd ? 400 : 0);
        phase = unusual_judge(unusual, at_ms, 0, noisy(&random, mean, &wander)).phase;
        begun += phase == UNUSUAL_BEGUN;
        if (at_ms == 30 * 86400000LL + 4 * 3600000)
            CHECK_INT(phase, UNUSUAL_STILL);
    }
    CHECK_INT(begun, 1);
    CHECK_INT(phase, UNUSUAL_NOT);
}

TEST(a_judge_that_was_written_and_read_again_goes_on_as_if_nothing_had_been)
{
    struct random_sequence random = {.state = 8};
    SCOPED(unusual) one = NULL;
    SCOPED(unusual) other = NULL;
    CHECK_INT(unusual_create(900, 1800, &one), ERR_NONE);
    CHECK_INT(unusual_create(900, 1800, &other), ERR_NONE);
    double wander = 0;
    for (int64_t at_ms = 0; at_ms < 30 * 86400000LL; at_ms += QUARTER_MS) {
        double people = noisy(&random, usual_at(at_ms), &wander);
        struct unusual_verdict a = unusual_judge(one, at_ms, 3600000, people);
        struct unusual_verdict b = unusual_judge(other, at_ms, 3600000, people);
        CHECK(a.phase == b.phase && a.strength == b.strength && a.usual_people == b.usual_people);
        if (random_below(&random, 100) != 0)
            continue;
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        CHECK_INT(unusual_pack(other, &bytes, &len), ERR_NONE);
        unusual_destroy(TAKE(other));
        CHECK_INT(unusual_unpack(bytes, len, &other), ERR_NONE);
        ((uint8_t *)bytes)[random_below(&random, len)] ^= 1;
        struct unusual *none = NULL;
        CHECK_INT(unusual_unpack(bytes, len, &none), ERR_CORRUPT);
    }
}

TEST(a_place_that_fills_more_from_day_to_day_raises_no_alarm)
{
    SCOPED(unusual) unusual = NULL;
    CHECK_INT(unusual_create(900, 900, &unusual), ERR_NONE);
    struct random_sequence random = {.state = 12};
    double wander = 0, usual_people = 0, people = 0;
    size_t begun = 0;
    for (int64_t at_ms = 0; at_ms < 90 * 86400000LL; at_ms += QUARTER_MS) {
        double days = (double)at_ms / 86400000;
        double mean = usual_at(at_ms) * (1 + 0.03 * fmax(0, days - 30));
        struct unusual_verdict verdict =
            unusual_judge(unusual, at_ms, 0, noisy(&random, mean, &wander));
        begun += verdict.phase == UNUSUAL_BEGUN;
        usual_people += days > 80 ? verdict.usual_people : 0;
        people += days > 80 ? mean : 0;
    }
    CHECK_INT(begun, 0);
    CHECK_NEAR(usual_people / people, 1, 0.15); /* what is called usual keeps up */
}

TEST(an_episode_that_fades_slowly_and_flares_up_again_is_one)
{
    SCOPED(unusual) unusual = NULL;
    CHECK_INT(unusual_create(900, 900, &unusual), ERR_NONE);
    struct random_sequence random = {.state = 13};
    double wander = 0;
    size_t begun = 0, still = 0;
    for (int64_t at_ms = 0; at_ms < 33 * 86400000LL; at_ms += QUARTER_MS) {
        double hours = (double)(at_ms - 30 * 86400000LL) / 3600000;
        double factor = 1;
        if (hours >= 0 && hours < 26)
            factor = hours < 4 || hours >= 22 ? 3 : 1.25;
        struct unusual_verdict verdict =
            unusual_judge(unusual, at_ms, 0, noisy(&random, usual_at(at_ms) * factor, &wander));
        begun += verdict.phase == UNUSUAL_BEGUN;
        still += verdict.phase == UNUSUAL_STILL;
    }
    CHECK_INT(begun, 1);
    CHECK(still > 22 * 4);
}
