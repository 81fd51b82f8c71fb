// SPDX-License-Identifier: Apache-2.0
/* readings/pack/points.h — values of series: as points, as roll-up cells, and both as bytes
 * (docs/formats/readings.md). Pure: no clock, no database. */
#pragma once
#include "readings/pack/blocks.h"
#include "readings/readings.h"

#define POINTS_WINDOW_MS 600000 /* of a raw chunk: at most that many points, one per millisecond */

struct points { /* ascending by time, one per time, once points_settle() was called */
    struct series_point *list;
    size_t count;
    size_t room;
};

void points_fini(struct points *points);
MUST_USE enum err points_add(struct points *points, int64_t at_ms, double value);
/* Sorts; of several values of one time the one added last stays. */
void points_settle(struct points *points);

enum rollup_level { ROLLUP_NONE, ROLLUP_SECOND, ROLLUP_MINUTE, ROLLUP_HOUR, ROLLUP_LEVELS };
/* Length of a cell and of the chunk in which cells are stored, in ms. */
extern const int64_t rollup_cell_ms[ROLLUP_LEVELS];
extern const int64_t rollup_chunk_ms[ROLLUP_LEVELS];

struct cell {
    int64_t at_ms; /* its start */
    int64_t count;
    double sum, min, max, last;
};

struct cells { /* ascending by time */
    struct cell *list;
    size_t count;
    size_t room;
};

void cells_fini(struct cells *cells);
/* Adds a cell behind the last: into it when both start the same `cell_ms`. */
MUST_USE enum err cells_add(struct cells *cells, const struct cell *cell, int64_t cell_ms);
/* Rolls settled points up. */
MUST_USE enum err cells_of_points(struct cells *cells, const struct points *points,
                                  int64_t cell_ms);
/* Replaces all cells within [from_ms, to_ms) by those of `by`. */
MUST_USE enum err cells_replace(struct cells *cells, int64_t from_ms, int64_t to_ms,
                                const struct cells *by);
double cell_value(const struct cell *cell, enum series_agg agg);

void points_pack(struct packer *packer, const struct points *points);
MUST_USE enum err points_unpack(const void *bytes, size_t len, struct points *out);
void cells_pack(struct packer *packer, const struct cells *cells);
MUST_USE enum err cells_unpack(const void *bytes, size_t len, struct cells *out);

/* The body of a "readings.packed" record. */
MUST_USE enum err readings_pack(struct packer *packer, const struct reading *readings,
                                size_t count);
MUST_USE enum err readings_unpack(const void *bytes, size_t len,
                                  void (*visit)(void *context, const struct reading *reading),
                                  void *context);
