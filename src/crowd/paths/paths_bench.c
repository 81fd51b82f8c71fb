// SPDX-License-Identifier: Apache-2.0
/* What the measures of paths cost: printed as nanoseconds and bytes. */
#include "base/clock.h"
#include "crowd/paths/dwell.h"
#include "crowd/paths/heat.h"
#include "crowd/paths/trips.h"
#include "crowd/paths/walkers.h"

#include <math.h>
#include <stdio.h>

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
    bench_paths();
    return 0;
}
