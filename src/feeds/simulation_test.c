// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "feeds/simulation.h"

static size_t count_in(const struct simulation *simulation, enum sample_place place)
{
    const struct sample_zone *zone = &sample_zones[place];
    size_t count;
    const struct walker *walkers = simulation_walkers(simulation, &count);
    size_t inside = 0;
    for (size_t i = 0; i < count; i++)
        inside += walkers[i].x > zone->west && walkers[i].x < zone->east &&
                  walkers[i].y > zone->south && walkers[i].y < zone->north;
    return inside;
}

TEST(the_same_seed_walks_the_same_way)
{
    SCOPED(simulation) one = simulation_create(42, 200);
    SCOPED(simulation) two = simulation_create(42, 200);
    SCOPED(simulation) other = simulation_create(43, 200);
    for (int i = 0; i < 50; i++) {
        simulation_step(one);
        simulation_step(two);
        simulation_step(other);
    }
    size_t count;
    const struct walker *a = simulation_walkers(one, &count);
    const struct walker *b = simulation_walkers(two, &count);
    CHECK(memcmp(a, b, count * sizeof *a) == 0);
    CHECK(memcmp(a, simulation_walkers(other, &count), count * sizeof *a) != 0);
}

TEST(the_band_draws_a_crowd_to_the_front_and_nobody_walks_on_water)
{
    SCOPED(simulation) simulation = simulation_create(7, 1500);
    size_t before = count_in(simulation, SAMPLE_PIT);
    CHECK(before < 50);
    while (simulation_at_ms(simulation) < 90000) {
        simulation_step(simulation);
        size_t count;
        const struct walker *walkers = simulation_walkers(simulation, &count);
        for (size_t i = 0; i < count; i++) {
            bool is_in_river = walkers[i].x > SAMPLE_RIVER_WEST_M + 0.01 &&
                               walkers[i].x < SAMPLE_RIVER_EAST_M - 0.01;
            CHECK(!is_in_river ||
                  (walkers[i].y > SAMPLE_BRIDGE_SOUTH_M && walkers[i].y < SAMPLE_BRIDGE_NORTH_M));
        }
        if (simulation_at_ms(simulation) % 10000 == 0)
            print_message("# %lld s: pit %zu lawn %zu bridge %zu\n",
                          (long long)simulation_at_ms(simulation) / 1000,
                          count_in(simulation, SAMPLE_PIT), count_in(simulation, SAMPLE_LAWN),
                          count_in(simulation, SAMPLE_BRIDGE));
    }
    CHECK(count_in(simulation, SAMPLE_PIT) > 500);
}
