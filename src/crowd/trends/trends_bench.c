// SPDX-License-Identifier: Apache-2.0
/* What the measures of trends and paths cost: printed as nanoseconds and bytes. */
#include "base/clock.h"
#include "base/random.h"
#include "crowd/paths/dwell.h"
#include "crowd/paths/heat.h"
#include "crowd/paths/trips.h"
#include "crowd/trends/forecast.h"
#include "crowd/trends/occupancy.h"
#include "crowd/trends/unusual.h"

#include <math.h>
#include <stdio.h>

#define STEPS  100000
#define PEOPLE 5000
#define ROUNDS 100

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

struct floor {
    struct heat *heat;
    struct dwell dwell[20];
    struct trips *trips;
};

static void floor_stay(void *context, const struct stay *stay)
{
    heat_add(((struct floor *)context)->heat, stay);
}

static void floor_visit(void *context, const struct visit *visit)
{
    dwell_add(&((struct floor *)context)->dwell[visit->zone], visit);
}

static void floor_journey(void *context, const struct journey *journey)
{
    trips_add(((struct floor *)context)->trips, journey);
}

/* People walk to and fro over 100 m x 50 m; ten fixes a second, and every tenth of them is somebody new. */
static void bench_paths(void)
{
    struct heat_grid grid;
    if (heat_grid_choose((struct point){0, 0}, (struct point){100, 50}, 0.5, &grid) != ERR_NONE)
        return;
    static struct floor floor;
    floor.heat = heat_create(&grid, 0, 60000);
    floor.trips = trips_create();
    struct walkers_settings settings = {.bounce_ms = 500, .gone_ms = 2000};
    struct walkers_listener listener = {&floor, floor_stay, floor_visit, floor_journey};
    SCOPED(walkers) walkers = NULL;
    if (walkers_create(&settings, &listener, &walkers) != ERR_NONE)
        return;
    begin();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < PEOPLE; i++) {
            uint64_t id = i + (i % 10 == 0 ? (uint64_t)(round / 50) * PEOPLE : 0);
            double x = fmod((double)(i * 7919 % 1000) / 10 + 0.13 * round, 100);
            struct tracker_fix fix = {.at_ms = round * 100LL,
                                      .person = {.id = id, .x = x, .y = (double)(i % 500) / 10}};
            uint16_t zone = (uint16_t)(x / 5);
            walkers_add(walkers, &fix, &zone, 1);
        }
        if (round % 10 == 0)
            walkers_advance(walkers, round * 100LL);
    }
    print_cost("paths with heat and dwell, one fix", (size_t)ROUNDS * PEOPLE);
    begin();
    walkers_end(walkers);
    print_cost("journeys, one person", PEOPLE);
    void *bytes;
    size_t len;
    begin();
    if (heat_pack(floor.heat, &bytes, &len) != ERR_NONE)
        return;
    print_cost("heat, 20,000 cells to bytes", 1);
    printf("%-44s %8zu B\n", "heat, 10 s of 5,000 people", len);
    mem_free(bytes);
    heat_destroy(floor.heat);
    trips_destroy(floor.trips);
}

int main(void)
{
    bench_series();
    bench_paths();
    return 0;
}
