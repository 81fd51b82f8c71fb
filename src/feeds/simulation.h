// SPDX-License-Identifier: Apache-2.0
/* feeds/simulation.h — a crowd that walks the sample venue: people come in, eat, drink, and when a
 * band plays most of them want to the front of the main stage, over one bridge. Same seed, same
 * crowd.
 *
 * A person walks to a place at an own pace, is pushed by who stands too close, and is kept out of
 * the river. The programme repeats every SIMULATION_CYCLE_MS; the band plays in its first part.
 * This shows the product, it is no model of evacuation. */
#pragma once
#include "feeds/sample.h"

#define SIMULATION_STEP_MS       100
#define SIMULATION_CYCLE_MS      240000
#define SIMULATION_BAND_FROM_MS  5000
#define SIMULATION_BAND_UNTIL_MS 130000
#define SIMULATION_PEOPLE_MAX    20000

struct simulation;

struct simulation *simulation_create(uint64_t seed, size_t people); /* the caller owns it */
void simulation_destroy(struct simulation *simulation);
DEFINE_SCOPED(simulation)

void simulation_step(struct simulation *simulation);           /* SIMULATION_STEP_MS onward */
int64_t simulation_at_ms(const struct simulation *simulation); /* since its start */
/* Everybody who is on the site now; borrowed until the next step. */
const struct walker *simulation_walkers(const struct simulation *simulation, size_t *out_count);
