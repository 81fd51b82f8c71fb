// SPDX-License-Identifier: Apache-2.0
#include "trends/nab.h"

#include "trends/predict/forecast.h"
#include "trends/predict/unusual.h"

#include <math.h>

#define WEEK_MS  (7 * 86400000LL)
#define QUIET_MS (12 * 3600000LL)

/* Of 2014 and 2015 in UTC as the file has them. */
const struct nab_window nab_taxi_windows[NAB_TAXI_WINDOWS] = {
    {1414683000000, 1415053800000}, /* 2014-10-30 15:30 .. 2014-11-03 22:30 */
    {1416916800000, 1417287600000}, /* 2014-11-25 12:00 .. 2014-11-29 19:00 */
    {1419334200000, 1419705000000}, /* 2014-12-23 11:30 .. 2014-12-27 18:30 */
    {1419888600000, 1420259400000}, /* 2014-12-29 21:30 .. 2015-01-03 04:30 */
    {1422131400000, 1422502200000}, /* 2015-01-24 20:30 .. 2015-01-29 03:30 */
};
const uint32_t nab_horizons_steps[NAB_HORIZONS] = {1, 2, 4};

/* What a detection is worth at a place: -1 = a window's left end .. 0 = its right end .. far behind. */
static double worth(double place)
{
    return place >= 3 ? -1 : 2 / (1 + exp(5 * place)) - 1;
}

static size_t step_of(const struct nab_series *series, int64_t at_ms)
{
    return (size_t)((at_ms - series->at_ms[0]) / series->step_ms);
}

/* How far behind the window before a false alarm is, in its lengths. */
static double place_behind(const struct nab_series *series, const struct nab_window *before,
                           size_t step)
{
    if (before == NULL)
        return 3;
    size_t end = step_of(series, before->until_ms), begin = step_of(series, before->from_ms);
    return (double)(step - end) / (double)(end - begin);
}

struct nab_result nab_score(const struct nab_series *series, const bool *is_detection,
                            const struct nab_window *windows, size_t window_count)
{
    assert(window_count <= NAB_WINDOWS_MAX);
    struct nab_result result = {0};
    size_t probation = MIN(series->count * 15 / 100, (size_t)750), next = 0;
    double sum = -(double)window_count, best[NAB_WINDOWS_MAX];
    for (size_t w = 0; w < window_count; w++) {
        best[w] = -1;
        result.first[w] = SIZE_MAX;
    }
    for (size_t i = 0; i < series->count; i++) {
        while (next < window_count && i > step_of(series, windows[next].until_ms))
            next++;
        if (!is_detection[i] || i < probation)
            continue;
        size_t left = next < window_count ? step_of(series, windows[next].from_ms) : SIZE_MAX;
        if (i >= left) {
            double width = (double)(step_of(series, windows[next].until_ms) - left + 1);
            double value = worth(-(width - (double)(i - left)) / width) / worth(-1);
            best[next] = fmax(best[next], value);
            result.first[next] = MIN(result.first[next], i - left);
            continue;
        }
        result.false_alarms++;
        sum += worth(place_behind(series, next > 0 ? &windows[next - 1] : NULL, i));
    }
    for (size_t w = 0; w < window_count; w++) {
        sum += best[w] + 1;
        result.found += best[w] > -1;
    }
    result.score = 100 * (sum + (double)window_count) / (2 * (double)window_count);
    return result;
}

void nab_judge(const struct nab_series *series, bool *out_is_detection)
{
    SCOPED(unusual) unusual = NULL;
    uint32_t step_s = (uint32_t)(series->step_ms / 1000);
    enum err err = unusual_create(step_s, step_s, &unusual);
    assert(err == ERR_NONE); /* steps fit a day */
    for (size_t i = 0; i < series->count; i++)
        out_is_detection[i] =
            unusual_judge(unusual, series->at_ms[i], 0, series->people[i]).phase == UNUSUAL_BEGUN;
}

static bool is_far_off(const struct nab_series *series, size_t step)
{
    size_t week = (size_t)(WEEK_MS / series->step_ms), weeks = 0;
    double sum = 0, squares = 0;
    for (size_t i = step; i >= week; weeks++) {
        i -= week;
        sum += series->people[i];
        squares += series->people[i] * series->people[i];
    }
    if (weeks < 2)
        return false;
    double mean = sum / (double)weeks;
    double deviation = sqrt(fmax(1, squares / (double)weeks - mean * mean));
    return fabs(series->people[step] - mean) > NAB_NAIVE_SIGMAS * deviation;
}

void nab_judge_naively(const struct nab_series *series, bool *out_is_detection)
{
    size_t quiet = (size_t)(QUIET_MS / series->step_ms), loud = 0;
    bool was_loud = false;
    for (size_t i = 0; i < series->count; i++) {
        bool is_odd = is_far_off(series, i);
        out_is_detection[i] = is_odd && (!was_loud || i - loud > quiet);
        if (is_odd) {
            loud = i;
            was_loud = true;
        }
    }
}

/* --- forecasts --- */

static void compare(const struct nab_series *series, size_t now, const struct forecast *told,
                    uint32_t steps, struct nab_errors *errors)
{
    size_t then = now + steps, week = (size_t)(WEEK_MS / series->step_ms);
    if (then >= series->count || now < 2 * week)
        return;
    double came = series->people[then];
    errors->count++;
    errors->ours += fabs(told->people - came);
    errors->last_value += fabs(series->people[now] - came);
    errors->last_week += fabs(series->people[then - week] - came);
    errors->in_80 += came >= told->low_80 && came <= told->high_80;
}

void nab_forecast(const struct nab_series *series, struct nab_errors out_errors[NAB_HORIZONS])
{
    uint32_t step_s = (uint32_t)(series->step_ms / 1000);
    const struct forecast_settings settings = {
        .step_s = step_s,
        .slot_s = step_s,
        .horizons_steps = {nab_horizons_steps[0], nab_horizons_steps[1], nab_horizons_steps[2]}};
    SCOPED(forecaster) forecaster = NULL;
    enum err err = forecaster_create(&settings, &forecaster);
    assert(err == ERR_NONE); /* settings of our own */
    memset(out_errors, 0, NAB_HORIZONS * sizeof *out_errors);
    for (size_t i = 0; i < series->count; i++) {
        struct forecast told[FORECAST_HORIZONS];
        forecaster_add(forecaster, series->at_ms[i], 0, series->people[i]);
        (void)forecaster_tell(forecaster, told); /* just added */
        for (size_t h = 0; h < NAB_HORIZONS; h++)
            compare(series, i, &told[h], nab_horizons_steps[h], &out_errors[h]);
    }
    for (size_t h = 0; h < NAB_HORIZONS; h++) {
        double count = (double)MAX((size_t)1, out_errors[h].count);
        out_errors[h].ours /= count;
        out_errors[h].last_value /= count;
        out_errors[h].last_week /= count;
        out_errors[h].in_80 /= count;
    }
}
