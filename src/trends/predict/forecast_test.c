// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/forecast.h"

#include "base/random.h"
#include "base/test.h"
#include "trends/predict/real_series_test.h"

#include <math.h>

static const int64_t WEEK_MS = 7 * 86400000LL;

struct errors { /* sums of absolute errors of one horizon, over the same outcomes */
    double ours, last_value, last_week;
    size_t count, in_80, in_90;
    double width_80;
};

struct evaluation {
    struct errors horizons[FORECAST_HORIZONS];
    double one_step; /* mean absolute change from step to step: the unit of MASE */
};

/* The place of a time in a series without order faults; count when it is missing. */
static size_t find_step(const struct real_series *series, int64_t at_ms)
{
    size_t low = 0, high = series->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (series->at_ms[middle] < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < series->count && series->at_ms[low] == at_ms ? low : series->count;
}

static void judge(const struct real_series *series, const struct forecast *told, size_t now,
                  struct errors *errors)
{
    size_t then = find_step(series, told->at_ms);
    size_t last_week = find_step(series, told->at_ms - WEEK_MS);
    if (then == series->count || last_week == series->count)
        return;
    double came = series->people[then];
    errors->count++;
    errors->ours += fabs(told->people - came);
    errors->last_value += fabs(series->people[now] - came);
    errors->last_week += fabs(series->people[last_week] - came);
    errors->in_80 += came >= told->low_80 && came <= told->high_80;
    errors->in_90 += came >= told->low_90 && came <= told->high_90;
    errors->width_80 += told->high_80 - told->low_80;
}

/* Everybody is judged on what was told after two weeks, of outcomes that last week also has. */
static struct evaluation evaluate(const struct real_series *series,
                                  const struct forecast_settings *settings,
                                  int64_t (*offset_ms)(int64_t utc_ms))
{
    struct evaluation evaluation = {0};
    SCOPED(forecaster) forecaster = NULL;
    CHECK_INT(forecaster_create(settings, &forecaster), ERR_NONE);
    for (size_t i = 0; i < series->count; i++) {
        int64_t at_ms = series->at_ms[i];
        forecaster_add(forecaster, at_ms, offset_ms == NULL ? 0 : offset_ms(at_ms),
                       series->people[i]);
        if (i > 0)
            evaluation.one_step +=
                fabs(series->people[i] - series->people[i - 1]) / (double)(series->count - 1);
        struct forecast told[FORECAST_HORIZONS];
        if (at_ms - series->at_ms[0] < 2 * WEEK_MS || !forecaster_tell(forecaster, told))
            continue;
        for (size_t h = 0; h < FORECAST_HORIZONS; h++)
            judge(series, &told[h], i, &evaluation.horizons[h]);
    }
    return evaluation;
}

/* Prints the figures and checks the claims: not worse than either naive way, the band as wide as it says. */
static void report(const char *name, const struct evaluation *evaluation,
                   const struct forecast_settings *settings)
{
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        const struct errors *errors = &evaluation->horizons[h];
        CHECK(errors->count > 500);
        double n = (double)errors->count, unit = n * evaluation->one_step;
        double in_80 = 100 * (double)errors->in_80 / n, in_90 = 100 * (double)errors->in_90 / n;
        print_message(
            "# %s, %u min ahead: MASE %.3f, last value %.3f, last week %.3f; within the 80 %% "
            "band %.1f %%, 90 %% %.1f %%; mean width %.0f; n = %zu\n",
            name, settings->horizons_steps[h] * settings->step_s / 60, errors->ours / unit,
            errors->last_value / unit, errors->last_week / unit, in_80, in_90, errors->width_80 / n,
            errors->count);
        CHECK_NEAR(in_80, 80, 3);
        CHECK_NEAR(in_90, 90, 3);
        CHECK(errors->ours < errors->last_value);
        CHECK(errors->ours < errors->last_week);
    }
}

static const struct forecast_settings HALF_HOURS = {
    .step_s = 1800, .slot_s = 1800, .horizons_steps = {1, 2, 4}};
static const struct forecast_settings HOURS = {
    .step_s = 3600, .slot_s = 3600, .horizons_steps = {1, 2, 3}};

TEST(taxi_rides_of_new_york_are_forecast_better_than_naively)
{
    struct real_series series = real_series_read("timeseries/NAB_nyc_taxi.csv.gz", NULL, 1800000);
    struct evaluation evaluation = evaluate(&series, &HALF_HOURS, NULL);
    report("nyc_taxi", &evaluation, &HALF_HOURS);
    real_series_fini(&series);
}

TEST(people_through_a_door_are_forecast_better_than_naively)
{
    struct real_series series =
        real_series_read("timeseries/CalIt2_cal-inflow-2.csv.gz", NULL, 1800000);
    struct evaluation evaluation = evaluate(&series, &HALF_HOURS, NULL);
    report("CalIt2", &evaluation, &HALF_HOURS);
    real_series_fini(&series);
}

TEST(walkers_of_melbourne_are_forecast_better_than_naively)
{
    static const char *const SENSORS[] = {"Birrarung Marr", "Bourke Street Mall (North)",
                                          "QV Market-Elizabeth St (West)",
                                          "Southern Cross Station"};
    for (size_t i = 0; i < COUNT_OF(SENSORS); i++) {
        struct real_series series = real_series_read(
            "timeseries/melbourne_pedestrian_hourly_2015_2016.csv.xz", SENSORS[i], 3600000);
        struct evaluation evaluation = evaluate(&series, &HOURS, melbourne_offset_ms);
        report(SENSORS[i], &evaluation, &HOURS);
        real_series_fini(&series);
    }
}

/* --- generated: minutes of a zone on event days, from the first minute without any history --- */

#define MINUTE_MS 60000

/* Cameras count the minute's mean within 1 %, and one person. */
static double evening_count(struct random_sequence *random, double mean)
{
    return fmax(0, round(mean + (1 + 0.01 * mean) * random_normal(random)));
}

/* Doors at 14:00, full by 20:00, a break at 18:00, empty by midnight. */
static double evening(double hour)
{
    double arrive = 1 / (1 + exp(-(hour - 16.5) * 1.8)), leave = 1 / (1 + exp(-(hour - 22.5) * 3));
    double pause = 0.25 * exp(-(hour - 18) * (hour - 18) * 8);
    return 2000 * fmax(0, arrive - leave - pause * arrive) + 5;
}

static struct real_series generate_days(int days, uint64_t seed)
{
    struct random_sequence random = {.state = seed};
    struct real_series series = {.count = (size_t)days * 1440, .step_ms = MINUTE_MS};
    series.at_ms = mem_new_array(series.count, sizeof *series.at_ms);
    series.people = mem_new_array(series.count, sizeof *series.people);
    double drift = 0;
    for (size_t i = 0; i < series.count; i++) {
        drift = 0.98 * drift + 0.01 * random_normal(&random);
        series.at_ms[i] = 1781481600000 + (int64_t)i * MINUTE_MS; /* 2026-06-15, a Monday */
        series.people[i] = evening_count(&random, evening((double)(i % 1440) / 60.0) * (1 + drift));
    }
    return series;
}

/* Mean absolute errors of the minutes between 14:00 and 24:00 of some days. */
static void measure_evenings(const struct real_series *series, int first_day, int last_day,
                             struct errors out_errors[FORECAST_HORIZONS])
{
    SCOPED(forecaster) forecaster = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &forecaster), ERR_NONE);
    memset(out_errors, 0, FORECAST_HORIZONS * sizeof *out_errors);
    for (size_t i = 0; i < series->count; i++) {
        forecaster_add(forecaster, series->at_ms[i], 0, series->people[i]);
        struct forecast told[FORECAST_HORIZONS];
        CHECK(forecaster_tell(forecaster, told));
        int day = (int)(i / 1440);
        if (day < first_day || day > last_day || i % 1440 < 14 * 60)
            continue;
        for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
            size_t then = i + FORECAST_MINUTES.horizons_steps[h];
            if (then >= series->count)
                continue;
            struct errors *errors = &out_errors[h];
            double came = series->people[then];
            errors->count++;
            errors->ours += fabs(told[h].people - came);
            errors->last_value += fabs(series->people[i] - came);
            errors->in_80 += came >= told[h].low_80 && came <= told[h].high_80;
            errors->in_90 += came >= told[h].low_90 && came <= told[h].high_90;
        }
    }
}

TEST(the_first_evening_of_an_event_is_forecast_better_than_by_the_last_value)
{
    struct real_series series = generate_days(1, 20260615);
    struct errors errors[FORECAST_HORIZONS];
    measure_evenings(&series, 0, 0, errors);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        print_message("# first evening, %u min ahead: error %.1f people, of the last value %.1f; "
                      "within the 80 %% band %.1f %%\n",
                      FORECAST_MINUTES.horizons_steps[h], errors[h].ours / (double)errors[h].count,
                      errors[h].last_value / (double)errors[h].count,
                      100.0 * (double)errors[h].in_80 / (double)errors[h].count);
        CHECK(errors[h].ours < 0.9 * errors[h].last_value);
    }
    real_series_fini(&series);
}

TEST(evenings_with_history_are_forecast_within_their_bands)
{
    struct real_series series = generate_days(10, 20260616);
    struct errors errors[FORECAST_HORIZONS];
    measure_evenings(&series, 3, 9, errors);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        double n = (double)errors[h].count;
        print_message(
            "# evenings 4 to 10, %u min ahead: error %.1f people, of the last value %.1f; "
            "within the 80 %% band %.1f %%, 90 %% %.1f %%\n",
            FORECAST_MINUTES.horizons_steps[h], errors[h].ours / n, errors[h].last_value / n,
            100.0 * (double)errors[h].in_80 / n, 100.0 * (double)errors[h].in_90 / n);
        CHECK(errors[h].ours < 0.6 * errors[h].last_value);
        CHECK_NEAR(100.0 * (double)errors[h].in_80 / n, 80, 5); /* of the evenings alone */
        CHECK_NEAR(100.0 * (double)errors[h].in_90 / n, 90, 5);
    }
    real_series_fini(&series);
}

TEST(the_band_fits_errors_that_are_not_normal)
{
    struct random_sequence random = {.state = 11};
    SCOPED(forecaster) forecaster = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &forecaster), ERR_NONE);
    struct forecast told[FORECAST_HORIZONS], before[5];
    size_t below = 0, above = 0, count = 0;
    for (int minute = 0; minute < 20000; minute++) {
        double people = 400 - 60 * log(1 - random_uniform(&random)); /* one-sided */
        if (minute >= 2000) {
            const struct forecast *due = &before[minute % 5];
            CHECK_INT(due->at_ms, minute * MINUTE_MS);
            below += people < due->low_80;
            above += people > due->high_80;
            count++;
        }
        forecaster_add(forecaster, minute * MINUTE_MS, 0, people);
        CHECK(forecaster_tell(forecaster, told));
        before[minute % 5] = told[0];
    }
    CHECK_NEAR(100.0 * (double)below / (double)count, 10, 1);
    CHECK_NEAR(100.0 * (double)above / (double)count, 10, 1);
}

static bool tell_alike(const struct forecaster *a, const struct forecaster *b)
{
    struct forecast of_a[FORECAST_HORIZONS] = {0}, of_b[FORECAST_HORIZONS] = {0};
    CHECK(forecaster_tell(a, of_a) && forecaster_tell(b, of_b));
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        if (of_a[h].at_ms != of_b[h].at_ms || of_a[h].people != of_b[h].people ||
            of_a[h].low_90 != of_b[h].low_90 || of_a[h].low_80 != of_b[h].low_80 ||
            of_a[h].high_80 != of_b[h].high_80 || of_a[h].high_90 != of_b[h].high_90)
            return false;
    }
    return true;
}

TEST(a_forecaster_that_was_written_and_read_again_goes_on_as_if_nothing_had_been)
{
    struct real_series series = generate_days(9, 5);
    struct random_sequence random = {.state = 6};
    SCOPED(forecaster) one = NULL;
    SCOPED(forecaster) other = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &one), ERR_NONE);
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &other), ERR_NONE);
    for (size_t i = 0; i < series.count; i++) {
        forecaster_add(one, series.at_ms[i], 7200000, series.people[i]);
        forecaster_add(other, series.at_ms[i], 7200000, series.people[i]);
        if (random_below(&random, 500) != 0)
            continue;
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        CHECK_INT(forecaster_pack(other, &bytes, &len), ERR_NONE);
        forecaster_destroy(TAKE(other));
        CHECK_INT(forecaster_unpack(bytes, len, &other), ERR_NONE);
        CHECK(tell_alike(one, other));
    }
    CHECK(tell_alike(one, other));
    real_series_fini(&series);
}

TEST(bytes_of_a_forecaster_that_were_changed_are_refused)
{
    SCOPED(forecaster) forecaster = NULL;
    SCOPED(forecaster) other = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &forecaster), ERR_NONE);
    forecaster_add(forecaster, 0, 0, 10);
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    CHECK_INT(forecaster_pack(forecaster, &bytes, &len), ERR_NONE);
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)bytes)[i] ^= 0x10;
        CHECK_INT(forecaster_unpack(bytes, len, &other), ERR_CORRUPT);
        ((uint8_t *)bytes)[i] ^= 0x10;
        CHECK_INT(forecaster_unpack(bytes, i, &other), ERR_CORRUPT);
    }
}

TEST(settings_out_of_their_ranges_are_refused)
{
    struct forecaster *none = NULL;
    struct forecast_settings settings = FORECAST_MINUTES;
    settings.horizons_steps[2] = FORECAST_STEPS_MAX + 1;
    CHECK_INT(forecaster_create(&settings, &none), ERR_INVALID);
    settings.horizons_steps[2] = 15;
    CHECK_INT(forecaster_create(&settings, &none), ERR_INVALID);
    settings = FORECAST_MINUTES;
    settings.slot_s = 1000;
    CHECK_INT(forecaster_create(&settings, &none), ERR_INVALID);
    settings = FORECAST_MINUTES;
    settings.step_s = 0;
    CHECK_INT(forecaster_create(&settings, &none), ERR_INVALID);
}

TEST(a_zone_that_fills_steadily_is_told_when_it_will_be_full)
{
    SCOPED(forecaster) forecaster = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &forecaster), ERR_NONE);
    struct time_to_capacity none = forecaster_time_to(forecaster, 100);
    CHECK(none.soonest_s == -1 && none.middle_s == -1 && none.latest_s == -1);
    for (int minute = 0; minute <= 120; minute++)
        forecaster_add(forecaster, minute * MINUTE_MS, 0, 100 + 10 * minute);
    struct time_to_capacity full = forecaster_time_to(forecaster, 1400); /* in ten minutes */
    CHECK_NEAR(full.middle_s, 600, 60);
    CHECK(full.soonest_s > 0 && full.soonest_s <= full.middle_s);
    CHECK(full.latest_s == -1 || full.latest_s >= full.middle_s);
    CHECK(forecaster_time_to(forecaster, 1300).middle_s == 0);
    CHECK(forecaster_time_to(forecaster, 5000).middle_s == -1);
}

TEST(after_a_gap_the_old_trend_is_forgotten_and_steps_of_the_past_are_passed_over)
{
    SCOPED(forecaster) forecaster = NULL;
    CHECK_INT(forecaster_create(&FORECAST_MINUTES, &forecaster), ERR_NONE);
    struct forecast told[FORECAST_HORIZONS];
    CHECK(!forecaster_tell(forecaster, told));
    for (int minute = 0; minute <= 30; minute++)
        forecaster_add(forecaster, minute * MINUTE_MS, 0, 100 + 20 * minute);
    CHECK(forecaster_tell(forecaster, told));
    CHECK(told[1].people > 800);
    forecaster_add(forecaster, 60 * MINUTE_MS, 0, 300);
    CHECK(forecaster_tell(forecaster, told));
    CHECK_INT(told[0].at_ms, 65 * MINUTE_MS);
    CHECK_NEAR(told[0].people, 300, 15);
    forecaster_add(forecaster, 59 * MINUTE_MS, 0, 5000);
    forecaster_add(forecaster, 61 * MINUTE_MS, 0, NAN);
    CHECK(forecaster_tell(forecaster, told));
    CHECK_NEAR(told[0].people, 300, 15);
}
