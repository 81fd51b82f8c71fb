// SPDX-License-Identifier: Apache-2.0
/* feeds/camera.h — a simulated camera: a pinhole on a mast that looks at a point on the floor. It
 * sees whoever's feet and head are in its picture, as boxes in whole pixels. No occlusion. */
#pragma once
#include "base/random.h"
#include "feeds/recording.h"

#define CAMERA_WIDTH_PX  1920
#define CAMERA_HEIGHT_PX 1080

struct camera {
    const char *id;
    const char *name;
    double at_x, at_y, height; /* of the mast, metres */
    double look_x, look_y;     /* on the floor, metres; not straight below */
    double focal_px;
};

struct walker { /* where a person really is */
    int64_t id;
    double x, y;   /* metres */
    double height; /* of the person */
};

/* Floor (x, y, 1) to pixel, row by row, for the plane z = 0. */
void camera_floor_to_pixel(const struct camera *camera, double out_matrix[9]);
/* Its inverse, which is what a venue's device is calibrated with. */
void camera_pixel_to_floor(const struct camera *camera, double out_matrix[9]);

/* The boxes of all who are in the picture; each is missed with the given probability. Returns how
 * many were written into `out`, at most `size`. */
size_t camera_see(const struct camera *camera, const struct walker *walkers, size_t count,
                  double miss_probability, struct random_sequence *chance, struct observation *out,
                  size_t size);
