// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/floor.h — what is known of each place of a venue: which cameras look there and how often
 * they see who stands there (walls, pillars and trees show as cells that a camera never sees), where
 * people come from, and which way they walk. A grid; the priors are general, the rest is learned from the
 * venue's own tracks. */
#pragma once
#include "crowd/tracking/camera_model.h"

#define FLOOR_CELL_M      2.0 /* larger in venues of more than FLOOR_SIDE_MAX cells a side */
#define FLOOR_SIDE_MAX    128
#define FLOOR_CAMERAS_MAX 16   /* that look at one cell; the nearest are kept */
#define FLOOR_FRAME_M     0.25 /* people are followed this far beyond the venue's bounds */

/* People who come into view, per m² and second, before anything is learned (an event's gate of 1 m passes
 * about one a second; elsewhere nobody appears). Weight of that opinion, seconds. */
#define FLOOR_ARRIVALS_PER_M2_S 0.004
#define FLOOR_ARRIVALS_WEIGHT_S 25.0
/* What was counted is forgotten after so long: a quiet night says little of the morning's rush. */
#define FLOOR_ARRIVALS_MEMORY_S 1800.0
/* Longer than this between two steps nobody looked, and nobody was counted. */
#define FLOOR_WATCH_MAX_S 3.0
/* Weight of the opinion that a cell is seen as well as the camera sees elsewhere, persons. */
#define FLOOR_LOOK_WEIGHT 6.0
/* Weight of the opinion that people walk in any direction, persons. */
#define FLOOR_WALK_WEIGHT 5.0
/* A rate is never quite zero or one: clear sight is never certain. */
#define FLOOR_HIT_MIN 0.02
#define FLOOR_HIT_MAX 0.98
/* Of a camera that is not known to look there. */
#define FLOOR_HIT_UNLISTED 0.1

struct floor_look {
    uint32_t camera;
    float hits, looks;
};

struct floor_cell {
    struct floor_look looks[FLOOR_CAMERAS_MAX];
    uint32_t look_count;
    float arrivals;
    float walkers, walk_x, walk_y, walk_square; /* sums of velocities */
};

struct floor {
    double min_x, min_y, max_x, max_y;
    double cell_m;
    int columns, rows;
    struct floor_cell *cells; /* [rows][columns] */
    double watched_s;         /* so long arrivals were counted */
};

/* Time goes on, while arrivals are counted. */
void floor_watch(struct floor *floor, double seconds);

void floor_init(struct floor *floor, struct point low, struct point high,
                const struct camera_model *cameras, size_t camera_count);
void floor_fini(struct floor *floor);

/* Within `margin_m` of the floor. */
bool floor_is_near(const struct floor *floor, double x, double y, double margin_m);
bool floor_holds(const struct floor *floor, double x, double y); /* with its frame */
/* The nearest cell for places outside. */
struct floor_cell *floor_cell_at(const struct floor *floor, double x, double y);

double floor_hit_rate(const struct floor_cell *cell, const struct camera_model *cameras,
                      uint32_t camera);
double floor_arrival_rate(const struct floor *floor, const struct floor_cell *cell);
/* The velocity to expect of somebody new, and the variance of each component. */
void floor_walk(const struct floor_cell *cell, double *out_vx, double *out_vy,
                double *out_variance);

void floor_learn_walk(struct floor_cell *cell, double vx, double vy);
void floor_learn_look(struct floor_cell *cell, struct camera_model *cameras, uint32_t camera,
                      bool is_hit);
