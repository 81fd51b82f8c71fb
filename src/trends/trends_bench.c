// SPDX-License-Identifier: Apache-2.0
/* What forecasts, verdicts and occupancy cost: printed as nanoseconds and bytes. */
#include "base/clock.h"
#include "base/random.h"
#include "trends/inside/occupancy.h"
#include "trends/predict/forecast.h"
#include "trends/predict/unusual.h"

#include <math.h>
#include <stdio.h>

#define STEPS 100000

static int64_t begin_us;

static void begin(void)
{
    begin_us = clock_monotonic_us();
}

static void print_cost(const char *what, size_t count)
{
    printf("%-44s %8.0f ns\n", what,
           1000 * (double)(clock_monotonic_us() - begin_us) / (double)count);
}

static double count_at(struct random_sequence *random, int i)
{
    return 500 + 400 * sin(i / 1440.0 * 2 * M_PI) + 10 * random_normal(random);
}

static void bench_series(void)
{
    struct random_sequence random = {.state = 1};
    SCOPED(forecaster) forecaster = NULL;
    SCOPED(unusual) unusual = NULL;
    if (forecaster_create(&FORECAST_MINUTES, &forecaster) != ERR_NONE ||
        unusual_create(300, 900, &unusual) != ERR_NONE)
        return;
    begin();
    for (int i = 0; i < STEPS; i++)
        forecaster_add(forecaster, i * 60000LL, 0, count_at(&random, i));
    print_cost("forecast, one minute of one zone", STEPS);
    begin();
    for (int i = 0; i < STEPS; i++)
        (void)unusual_judge(unusual, i * 300000LL, 0, count_at(&random, 5 * i));
    print_cost("unusual, one step of one zone", STEPS);
    struct occupancy occupancy;
    occupancy_init(&occupancy, &OCCUPANCY_DEFAULTS);
    begin();
    for (int i = 0; i < STEPS; i++) {
        occupancy_pass(&occupancy, i * 1000LL, i % 3, i % 2);
        occupancy_see(&occupancy, i * 1000LL, 300, 20);
    }
    print_cost("occupancy, counters and a camera", STEPS);
    void *bytes;
    size_t len;
    begin();
    if (forecaster_pack(forecaster, &bytes, &len) != ERR_NONE)
        return;
    print_cost("forecast, state to bytes", 1);
    printf("%-44s %8zu B\n", "forecast, state", len);
    mem_free(bytes);
    if (unusual_pack(unusual, &bytes, &len) != ERR_NONE)
        return;
    printf("%-44s %8zu B\n", "unusual, state", len);
    mem_free(bytes);
}

int main(void)
{
    bench_series();
    return 0;
}
