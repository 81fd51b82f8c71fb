// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/floor.c — which cells a camera's picture shows is found by sending a grid of its pixels
 * to the floor; where the picture's size is not known, cells are listed as people are seen there. */
#include "crowd/tracking/floor.h"

#include "crowd/tracking/motion.h"

#define PICTURE_STEPS 96 /* pixels that are tried, a side */
#define CELL_MEMORY   2000.0f

static int steps_of(double extent, double cell_m)
{
    return (int)fmax(1, ceil(extent / cell_m));
}

bool floor_is_near(const struct floor *floor, double x, double y, double margin_m)
{
    return x >= floor->min_x - margin_m && x <= floor->max_x + margin_m &&
           y >= floor->min_y - margin_m && y <= floor->max_y + margin_m;
}

bool floor_holds(const struct floor *floor, double x, double y)
{
    return floor_is_near(floor, x, y, FLOOR_FRAME_M);
}

void floor_watch(struct floor *floor, double seconds)
{
    floor->watched_s += fmin(seconds, FLOOR_WATCH_MAX_S);
    if (floor->watched_s <= FLOOR_ARRIVALS_MEMORY_S)
        return;
    floor->watched_s /= 2;
    for (int i = 0; i < floor->columns * floor->rows; i++)
        floor->cells[i].arrivals /= 2;
}

struct floor_cell *floor_cell_at(const struct floor *floor, double x, double y)
{
    double column = fmin(fmax((x - floor->min_x) / floor->cell_m, 0), floor->columns - 1);
    double row = fmin(fmax((y - floor->min_y) / floor->cell_m, 0), floor->rows - 1);
    return &floor->cells[(int)row * floor->columns + (int)column];
}

static struct floor_look *find_look(const struct floor_cell *cell, uint32_t camera)
{
    for (uint32_t i = 0; i < cell->look_count; i++) {
        if (cell->looks[i].camera == camera)
            return (struct floor_look *)&cell->looks[i];
    }
    return NULL;
}

static void list_look(struct floor_cell *cell, uint32_t camera)
{
    if (cell->look_count < FLOOR_CAMERAS_MAX && find_look(cell, camera) == NULL)
        cell->looks[cell->look_count++] = (struct floor_look){.camera = camera};
}

static void list_picture(struct floor *floor, const struct device *device, uint32_t camera)
{
    if (!(device->image_width_px > 0 && device->image_height_px > 0))
        return;
    for (int row = 0; row <= PICTURE_STEPS; row++) {
        for (int column = 0; column <= PICTURE_STEPS; column++) {
            struct point pixel = {device->image_width_px * column / PICTURE_STEPS,
                                  device->image_height_px * row / PICTURE_STEPS};
            struct point place;
            if (calibration_to_floor(&device->calibration, pixel, &place) &&
                floor_holds(floor, place.x, place.y))
                list_look(floor_cell_at(floor, place.x, place.y), camera);
        }
    }
}

void floor_init(struct floor *floor, struct point low, struct point high,
                const struct camera_model *cameras, size_t camera_count)
{
    *floor = (struct floor){.min_x = low.x, .min_y = low.y, .max_x = high.x, .max_y = high.y};
    double width = fmax(high.x - low.x, 0), height = fmax(high.y - low.y, 0); /* 0: it is nowhere */
    floor->cell_m = fmax(FLOOR_CELL_M, fmax(width, height) / FLOOR_SIDE_MAX);
    floor->columns = steps_of(width, floor->cell_m);
    floor->rows = steps_of(height, floor->cell_m);
    floor->cells =
        mem_new_array((size_t)floor->columns * (size_t)floor->rows, sizeof *floor->cells);
    for (size_t i = 0; i < camera_count; i++)
        list_picture(floor, cameras[i].device, (uint32_t)i);
}

void floor_fini(struct floor *floor)
{
    mem_free(floor->cells);
    floor->cells = NULL;
}

double floor_hit_rate(const struct floor_cell *cell, const struct camera_model *cameras,
                      uint32_t camera)
{
    const struct floor_look *look = find_look(cell, camera);
    if (look == NULL)
        return FLOOR_HIT_UNLISTED;
    double elsewhere = camera_model_hit_rate(&cameras[camera]);
    double rate = ((double)look->hits + FLOOR_LOOK_WEIGHT * elsewhere) /
                  ((double)look->looks + FLOOR_LOOK_WEIGHT);
    return fmin(fmax(rate, FLOOR_HIT_MIN), FLOOR_HIT_MAX);
}

double floor_arrival_rate(const struct floor *floor, const struct floor_cell *cell)
{
    double area = floor->cell_m * floor->cell_m;
    double prior = FLOOR_ARRIVALS_WEIGHT_S * area * FLOOR_ARRIVALS_PER_M2_S;
    return ((double)cell->arrivals + prior) / (area * (floor->watched_s + FLOOR_ARRIVALS_WEIGHT_S));
}

void floor_walk(const struct floor_cell *cell, double *out_vx, double *out_vy, double *out_variance)
{
    double count = (double)cell->walkers + FLOOR_WALK_WEIGHT;
    double any = 2 * MOTION_VELOCITY * MOTION_VELOCITY;
    *out_vx = (double)cell->walk_x / count;
    *out_vy = (double)cell->walk_y / count;
    double square = ((double)cell->walk_square + FLOOR_WALK_WEIGHT * any) / count;
    *out_variance = fmax((square - *out_vx * *out_vx - *out_vy * *out_vy) / 2, 0.04);
}

void floor_learn_walk(struct floor_cell *cell, double vx, double vy)
{
    cell->walkers += 1;
    cell->walk_x += (float)vx;
    cell->walk_y += (float)vy;
    cell->walk_square += (float)(vx * vx + vy * vy);
    if (cell->walkers > CELL_MEMORY) {
        cell->walkers /= 2;
        cell->walk_x /= 2;
        cell->walk_y /= 2;
        cell->walk_square /= 2;
    }
}

void floor_learn_look(struct floor_cell *cell, struct camera_model *cameras, uint32_t camera,
                      bool is_hit)
{
    struct floor_look *look = find_look(cell, camera);
    if (look == NULL && is_hit && !(cameras[camera].device->image_width_px > 0)) {
        list_look(cell, camera);
        look = find_look(cell, camera);
    }
    if (look == NULL)
        return;
    look->looks += 1;
    look->hits += is_hit ? 1 : 0;
    if (look->looks > CELL_MEMORY) {
        look->looks /= 2;
        look->hits /= 2;
    }
    cameras[camera].looks += 1;
    cameras[camera].hits += is_hit ? 1 : 0;
    if (cameras[camera].looks > CAMERA_MEMORY) {
        cameras[camera].looks /= 2;
        cameras[camera].hits /= 2;
    }
}
