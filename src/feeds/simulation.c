// SPDX-License-Identifier: Apache-2.0
#include "feeds/simulation.h"

#include <math.h>

enum { CELL_M = 1, CELLS_X = (int)SAMPLE_WIDTH_M, CELLS_Y = (int)SAMPLE_DEPTH_M };

#define PERSONAL_SPACE_M 0.42 /* closer than this pushes: about 5.5 persons/m2 when packed */
#define STEP_S           (SIMULATION_STEP_MS / 1000.0)

struct intent {
    enum sample_place place;
    double x, y; /* the spot in it */
    double pace_m_s;
    int64_t stays_until_ms;
};

struct simulation {
    struct random_sequence chance;
    int64_t at_ms;
    size_t count;
    struct walker *walkers;
    struct intent *intents;
    int32_t *next_in_cell; /* lists of who stands in each cell, -1 ends */
    int32_t cells[CELLS_X * CELLS_Y];
};

static bool is_band_playing(int64_t at_ms)
{
    int64_t in_cycle_ms = at_ms % SIMULATION_CYCLE_MS;
    return in_cycle_ms >= SIMULATION_BAND_FROM_MS && in_cycle_ms < SIMULATION_BAND_UNTIL_MS;
}

static double between(struct random_sequence *chance, double low, double high)
{
    return low + (high - low) * random_uniform(chance);
}

static enum sample_place place_chosen(struct simulation *simulation)
{
    double dice = random_uniform(&simulation->chance);
    if (is_band_playing(simulation->at_ms))
        return dice < 0.62   ? SAMPLE_PIT
               : dice < 0.85 ? SAMPLE_LAWN
               : dice < 0.93 ? SAMPLE_BAR
                             : SAMPLE_FOOD;
    return dice < 0.30   ? SAMPLE_FOOD
           : dice < 0.60 ? SAMPLE_BAR
           : dice < 0.78 ? SAMPLE_TENT
           : dice < 0.92 ? SAMPLE_LAWN
           : dice < 0.97 ? SAMPLE_ENTRANCE
                         : SAMPLE_EXIT;
}

static void choose(struct simulation *simulation, struct intent *intent)
{
    enum sample_place place = place_chosen(simulation);
    const struct sample_zone *zone = &sample_zones[place];
    double edge_m = 0.5;
    /* In front of a stage people want to the very front, and there to its middle. */
    double east = place == SAMPLE_PIT ? zone->east - fabs(random_normal(&simulation->chance)) * 5
                                      : between(&simulation->chance, zone->west, zone->east);
    intent->place = place;
    intent->x = MAX(zone->west + edge_m, MIN(zone->east - edge_m, east));
    intent->y = between(&simulation->chance, zone->south + edge_m, zone->north - edge_m);
    intent->stays_until_ms =
        simulation->at_ms + (int64_t)between(&simulation->chance, 20000, 90000);
}

struct simulation *simulation_create(uint64_t seed, size_t people)
{
    assert(people > 0 && people <= SIMULATION_PEOPLE_MAX);
    struct simulation *simulation = mem_new(sizeof *simulation);
    simulation->chance.state = seed;
    simulation->count = people;
    simulation->walkers = mem_new_array(people, sizeof *simulation->walkers);
    simulation->intents = mem_new_array(people, sizeof *simulation->intents);
    simulation->next_in_cell = mem_new_array(people, sizeof *simulation->next_in_cell);
    for (size_t i = 0; i < people; i++) {
        struct intent *intent = &simulation->intents[i];
        choose(simulation, intent);
        intent->pace_m_s = MAX(0.6, 1.3 + 0.25 * random_normal(&simulation->chance));
        simulation->walkers[i] =
            (struct walker){.id = (int64_t)i + 1,
                            .x = intent->x,
                            .y = intent->y,
                            .height = MAX(1.4, 1.72 + 0.09 * random_normal(&simulation->chance))};
    }
    return simulation;
}

void simulation_destroy(struct simulation *simulation)
{
    if (simulation == NULL)
        return;
    mem_free(simulation->walkers);
    mem_free(simulation->intents);
    mem_free(simulation->next_in_cell);
    mem_free(simulation);
}

static bool is_west(double x)
{
    return x < (SAMPLE_RIVER_WEST_M + SAMPLE_RIVER_EAST_M) / 2;
}

static bool is_on_bridge_line(double y)
{
    return y > SAMPLE_BRIDGE_SOUTH_M + 0.3 && y < SAMPLE_BRIDGE_NORTH_M - 0.3;
}

/* Where to walk next: the spot itself, or the bridge when the river lies between. */
static void next_point(const struct walker *walker, const struct intent *intent, double *out_x,
                       double *out_y)
{
    *out_x = intent->x;
    *out_y = intent->y;
    if (is_west(walker->x) == is_west(intent->x))
        return;
    double near_x = is_west(walker->x) ? SAMPLE_RIVER_WEST_M - 1 : SAMPLE_RIVER_EAST_M + 1;
    double far_x = is_west(walker->x) ? SAMPLE_RIVER_EAST_M + 2 : SAMPLE_RIVER_WEST_M - 2;
    double middle_y = (SAMPLE_BRIDGE_SOUTH_M + SAMPLE_BRIDGE_NORTH_M) / 2;
    bool may_cross = is_on_bridge_line(walker->y);
    *out_x = may_cross ? far_x : near_x;
    *out_y = may_cross ? walker->y : middle_y + (walker->y > middle_y ? 1.5 : -1.5);
}

static int cell_of(double x, double y)
{
    int column = MAX(0, MIN(CELLS_X - 1, (int)(x / CELL_M)));
    int row = MAX(0, MIN(CELLS_Y - 1, (int)(y / CELL_M)));
    return row * CELLS_X + column;
}

static void fill_cells(struct simulation *simulation)
{
    for (size_t i = 0; i < COUNT_OF(simulation->cells); i++)
        simulation->cells[i] = -1;
    for (size_t i = 0; i < simulation->count; i++) {
        int cell = cell_of(simulation->walkers[i].x, simulation->walkers[i].y);
        simulation->next_in_cell[i] = simulation->cells[cell];
        simulation->cells[cell] = (int32_t)i;
    }
}

/* The push of one neighbour on a person, added to *x, *y. */
static void add_push(const struct walker *self, const struct walker *other, double *x, double *y)
{
    double dx = self->x - other->x;
    double dy = self->y - other->y;
    double distance = sqrt(dx * dx + dy * dy);
    if (distance >= PERSONAL_SPACE_M || self == other)
        return;
    /* Who stand on the same spot part in a direction that depends on who they are. */
    if (distance < 1e-6) {
        dx = cos((double)self->id);
        dy = sin((double)self->id);
        distance = 1;
    }
    double push = (PERSONAL_SPACE_M - distance) / PERSONAL_SPACE_M;
    *x += dx / distance * push;
    *y += dy / distance * push;
}

static void push_of_neighbours(const struct simulation *simulation, size_t i, double *out_x,
                               double *out_y)
{
    const struct walker *self = &simulation->walkers[i];
    *out_x = 0;
    *out_y = 0;
    for (int row = -1; row <= 1; row++) {
        for (int column = -1; column <= 1; column++) {
            int cell = cell_of(self->x + column * CELL_M, self->y + row * CELL_M);
            for (int32_t k = simulation->cells[cell]; k >= 0; k = simulation->next_in_cell[k])
                add_push(self, &simulation->walkers[k], out_x, out_y);
        }
    }
}

/* Keeps a person on the site and out of the river. */
static void keep_in(struct walker *walker, double old_x)
{
    walker->x = MAX(0.5, MIN(SAMPLE_WIDTH_M - 0.5, walker->x));
    walker->y = MAX(0.5, MIN(SAMPLE_DEPTH_M - 0.5, walker->y));
    bool is_in_river = walker->x > SAMPLE_RIVER_WEST_M && walker->x < SAMPLE_RIVER_EAST_M;
    if (!is_in_river || (walker->y > SAMPLE_BRIDGE_SOUTH_M && walker->y < SAMPLE_BRIDGE_NORTH_M))
        return;
    if (old_x <= SAMPLE_RIVER_WEST_M)
        walker->x = SAMPLE_RIVER_WEST_M;
    else if (old_x >= SAMPLE_RIVER_EAST_M)
        walker->x = SAMPLE_RIVER_EAST_M;
    else /* pushed over the railing */
        walker->y = MAX(SAMPLE_BRIDGE_SOUTH_M + 0.1, MIN(SAMPLE_BRIDGE_NORTH_M - 0.1, walker->y));
}

static void walk(struct simulation *simulation, size_t i)
{
    struct walker *walker = &simulation->walkers[i];
    struct intent *intent = &simulation->intents[i];
    bool is_band_place = intent->place == SAMPLE_PIT || intent->place == SAMPLE_LAWN;
    bool wants_change = simulation->at_ms >= intent->stays_until_ms;
    /* When the band starts, most think again soon; while it plays, who is there stays. */
    if (is_band_playing(simulation->at_ms) && !is_band_place)
        wants_change = random_uniform(&simulation->chance) < 0.02;
    else if (is_band_playing(simulation->at_ms))
        wants_change = false;
    if (wants_change)
        choose(simulation, intent);
    double to_x;
    double to_y;
    next_point(walker, intent, &to_x, &to_y);
    double dx = to_x - walker->x;
    double dy = to_y - walker->y;
    double distance = sqrt(dx * dx + dy * dy);
    double step_m = MIN(intent->pace_m_s * STEP_S, distance);
    double push_x;
    double push_y;
    push_of_neighbours(simulation, i, &push_x, &push_y);
    double old_x = walker->x;
    if (distance > 1e-9) {
        walker->x += dx / distance * step_m;
        walker->y += dy / distance * step_m;
    }
    walker->x += MAX(-0.2, MIN(0.2, push_x * 0.15));
    walker->y += MAX(-0.2, MIN(0.2, push_y * 0.15));
    keep_in(walker, old_x);
}

void simulation_step(struct simulation *simulation)
{
    fill_cells(simulation);
    for (size_t i = 0; i < simulation->count; i++)
        walk(simulation, i);
    simulation->at_ms += SIMULATION_STEP_MS;
}

int64_t simulation_at_ms(const struct simulation *simulation)
{
    return simulation->at_ms;
}

const struct walker *simulation_walkers(const struct simulation *simulation, size_t *out_count)
{
    *out_count = simulation->count;
    return simulation->walkers;
}
