// SPDX-License-Identifier: Apache-2.0
/* crowd/paths/heat.h — where people spend their time: person-milliseconds per cell of a grid over the floor, in
 * chunks of a minute or an hour. Whole numbers, so that chunks add up exactly, in any order: any period is
 * the sum of its chunks, and an hour the sum of its minutes. A stay over the end of a chunk counts in each
 * for its part.
 *
 * In bytes a chunk is sealed (readings/pack/blocks.h): grid and period, then two columns, the gaps between cells
 * that are not empty, and their person-milliseconds. 200 people a minute are some 500 bytes. */
#pragma once
#include "crowd/paths/stays.h"
#include "venues/venues.h"

#define HEAT_CELLS_MAX   65536
#define HEAT_CELL_M_MIN  0.5
#define HEAT_CELL_M_MAX  64.0
#define HEAT_CONTENT_MAX (2 * 1024 * 1024)

struct heat_grid {
    struct point low; /* metres: the corner of cell 0 */
    double cell_m;
    uint32_t columns, rows; /* row by row from `low` */
};

/* The finest grid from `cell_m` on, doubling, that covers the floor with HEAT_CELLS_MAX cells; ERR_INVALID
 * when the floor has no size, or even HEAT_CELL_M_MAX does not do. */
MUST_USE enum err heat_grid_choose(struct point low, struct point high, double cell_m,
                                   struct heat_grid *out_grid);

/* As heat_grid_choose(), with the corners on multiples of the cell, which is a power of two: so the cells of
 * one venue lie in one another, whatever its plan was when they were counted, and heat_gather() is exact. */
MUST_USE enum err heat_grid_align(struct point low, struct point high, double cell_m,
                                  struct heat_grid *out_grid);
/* Equal for equal aligned grids: cell, first column and row, columns, rows. */
#define HEAT_GRID_NAME_SIZE 72
void heat_grid_name(const struct heat_grid *grid, char out[HEAT_GRID_NAME_SIZE]);

struct heat {
    struct heat_grid grid;
    int64_t from_ms, until_ms; /* what it covers */
    uint64_t *person_ms;       /* [columns * rows] */
    uint64_t outside_ms;       /* of people beyond the grid */
};

struct heat *heat_create(const struct heat_grid *grid, int64_t from_ms, int64_t until_ms);
void heat_destroy(struct heat *heat); /* NULL is fine */
DEFINE_SCOPED(heat)

/* The part of the stay that lies in the period. */
void heat_add(struct heat *heat, const struct stay *stay);
/* Adds all of `part`, and its period. ERR_INVALID when the grids differ. */
MUST_USE enum err heat_sum(struct heat *heat, const struct heat *part);
/* Adds the cells of `part`, each where its middle lies; both grids are aligned, and those of `part` not the
 * coarser ones. What lies beyond the grid is outside. */
void heat_gather(struct heat *heat, const struct heat *part);
/* Seconds that people spent in the cell of this place; 0 outside. */
double heat_person_seconds(const struct heat *heat, struct point place);

/* ERR_NO_MEMORY; the caller frees. */
MUST_USE enum err heat_pack(const struct heat *heat, void **out_bytes, size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY. The caller owns *out_heat. */
MUST_USE enum err heat_unpack(const void *bytes, size_t len, struct heat **out_heat);
