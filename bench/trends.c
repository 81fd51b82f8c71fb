// SPDX-License-Identifier: Apache-2.0
/* Unusual counts and forecasts on New York's taxi rides as the Numenta anomaly benchmark has them, step by step
 * without looking ahead, beside what anybody would try first. No server: the series goes through the very
 * code that serves. */
#include "trends/nab.h"

#include "bench/bench.h"

#include <stdio.h>
#include <time.h>
#include <zlib.h>

#define SERIES_MAX 20000 /* the file has 10,320 rows */
#define FILE_NAME  "timeseries/NAB_nyc_taxi.csv.gz"

struct rides {
    int64_t at_ms[SERIES_MAX];
    double people[SERIES_MAX];
    bool is_ours[SERIES_MAX], is_naive[SERIES_MAX];
    size_t count;
};

/* "2014-07-01 00:00:00,10844" */
static bool read_row(const char *line, struct rides *rides)
{
    struct tm tm = {0};
    double value;
    if (sscanf(line, "%d-%d-%d%*c%d:%d:%d,%lf", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &value) != 7 ||
        rides->count == SERIES_MAX)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    rides->at_ms[rides->count] = (int64_t)timegm(&tm) * 1000;
    rides->people[rides->count++] = value;
    return true;
}

static enum err read_file(const char *path, struct rides *rides, struct err_note *note)
{
    char line[128];
    gzFile file = gzopen(path, "rb");
    if (file == NULL)
        return err_set(note, ERR_NOT_FOUND, path,
                       "cannot be read; name the folder that has " FILE_NAME " by MUSTER_DATA");
    bool is_right = gzgets(file, line, sizeof line) != NULL; /* its head */
    while (is_right && gzgets(file, line, sizeof line) != NULL)
        is_right = read_row(line, rides);
    (void)gzclose(file); /* only read */
    if (!is_right || rides->count == 0)
        return err_set(note, ERR_INVALID, path, "is not the benchmark's file: row %zu",
                       rides->count + 2);
    return ERR_NONE;
}

static void report_unusual(const struct bench_options *options, struct rides *rides,
                           const struct nab_series *series)
{
    char conditions[160];
    nab_judge(series, rides->is_ours);
    nab_judge_naively(series, rides->is_naive);
    struct nab_result ours = nab_score(series, rides->is_ours, nab_taxi_windows, NAB_TAXI_WINDOWS);
    struct nab_result naive =
        nab_score(series, rides->is_naive, nab_taxi_windows, NAB_TAXI_WINDOWS);
    (void)snprintf(conditions, sizeof conditions,
                   "windows=%zu/%d false_alarms=%zu theirs=%.1f:%zu/%d,%zu perfect=100 nothing=0",
                   ours.found, NAB_TAXI_WINDOWS, ours.false_alarms, naive.score, naive.found,
                   NAB_TAXI_WINDOWS, naive.false_alarms);
    report_figure(options->form, &(struct figure){.bench = "trends",
                                                  .measured = "nyc_taxi, unusual: NAB score",
                                                  .unit = "of 100",
                                                  .ours = ours.score,
                                                  .peer = "beyond 3 sigmas of other weeks",
                                                  .theirs = naive.score,
                                                  .conditions = conditions});
}

static void report_forecast(const struct bench_options *options, const struct nab_series *series)
{
    struct nab_errors errors[NAB_HORIZONS];
    nab_forecast(series, errors);
    for (size_t h = 0; h < NAB_HORIZONS; h++) {
        char measured[64], conditions[160];
        (void)snprintf(measured, sizeof measured, "nyc_taxi, %u min ahead: mean error",
                       nab_horizons_steps[h] * 30);
        (void)snprintf(conditions, sizeof conditions,
                       "less is better; last_value=%.0f within_80_band=%.1f%% forecasts=%zu",
                       errors[h].last_value, 100 * errors[h].in_80, errors[h].count);
        report_figure(options->form, &(struct figure){.bench = "trends",
                                                      .measured = measured,
                                                      .unit = "rides",
                                                      .ours = errors[h].ours,
                                                      .peer = "as a week before",
                                                      .theirs = errors[h].last_week,
                                                      .conditions = conditions});
    }
}

enum err bench_trends(const struct bench_options *options, struct err_note *note)
{
    char path[4096];
    const char *folder = getenv("MUSTER_DATA");
    int len =
        snprintf(path, sizeof path, "%s/%s", folder == NULL ? "../shared/data" : folder, FILE_NAME);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(note, ERR_INVALID, "MUSTER_DATA", "the folder's name is too long");
    SCOPED_MEM struct rides *rides = mem_new(sizeof *rides);
    TRY(read_file(path, rides, note));
    const struct nab_series series = {rides->at_ms, rides->people, rides->count, NAB_TAXI_STEP_MS};
    report_unusual(options, rides, &series);
    report_forecast(options, &series);
    return ERR_NONE;
}
