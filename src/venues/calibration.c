// SPDX-License-Identifier: Apache-2.0
/* venues/calibration.c — pixel to floor. A plain homography is a matrix; an OpenCV camera first has
 * its lens distortion undone (Newton on the Brown-Conrady model), then goes through the inverse of
 * K [r1 r2 t]. The third component of the result is 1/depth: not positive means behind the camera
 * or above the horizon, where there is no floor. */
#include "venues/calibration.h"

#include <math.h>

#define UNDISTORT_STEPS     12
#define UNDISTORT_TOLERANCE 1e-9 /* of the normalised image plane: a millionth of a pixel */
/* Below this the rows of the scaled matrix are parallel but for rounding. */
#define DETERMINANT_MIN 1e-12

static bool all_finite(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(numbers[i]) || fabs(numbers[i]) > 1e12)
            return false;
    }
    return true;
}

static double determinant(const double m[9])
{
    return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
           m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/* Of the matrix with every row and column scaled to length one: the units of pixels and floor and
 * the scale of the whole cancel, so that only parallel rows make it small. */
static double scaled_determinant(const double m[9])
{
    double scaled[9];
    memcpy(scaled, m, sizeof scaled);
    for (int round = 0; round < 4; round++) {
        for (int r = 0; r < 3; r++) {
            double len = hypot(hypot(scaled[3 * r], scaled[3 * r + 1]), scaled[3 * r + 2]);
            for (int c = 0; c < 3; c++)
                scaled[3 * r + c] /= len > 0 ? len : 1;
        }
        for (int c = 0; c < 3; c++) {
            double len = hypot(hypot(scaled[c], scaled[3 + c]), scaled[6 + c]);
            for (int r = 0; r < 3; r++)
                scaled[3 * r + c] /= len > 0 ? len : 1;
        }
    }
    return determinant(scaled);
}

static enum err refuse_singular(const double matrix[9], struct err_note *note)
{
    if (!all_finite(matrix, 9))
        return err_set(note, ERR_INVALID, "matrix", "must have finite numbers up to 1e12");
    double size = scaled_determinant(matrix);
    if (!(fabs(size) > DETERMINANT_MIN) || determinant(matrix) == 0)
        return err_set(note, ERR_INVALID, "matrix",
                       "is singular: it maps the floor to a line; calibrate with four points of "
                       "which no three stand in a row");
    return ERR_NONE;
}

/* The true inverse, not the adjugate: the sign of the third row must survive. */
static void invert(const double m[9], double out[9])
{
    double d = 1 / determinant(m);
    double inverse[9] = {
        (m[4] * m[8] - m[5] * m[7]) * d, (m[2] * m[7] - m[1] * m[8]) * d,
        (m[1] * m[5] - m[2] * m[4]) * d, (m[5] * m[6] - m[3] * m[8]) * d,
        (m[0] * m[8] - m[2] * m[6]) * d, (m[2] * m[3] - m[0] * m[5]) * d,
        (m[3] * m[7] - m[4] * m[6]) * d, (m[1] * m[6] - m[0] * m[7]) * d,
        (m[0] * m[4] - m[1] * m[3]) * d,
    };
    memcpy(out, inverse, sizeof inverse);
}

/* A homography says nothing about its sign. The bottom centre of the picture shows floor; where the
 * picture's size is not known, a point far below any picture does (y grows downwards), unless the
 * camera looks straight down: then both signs of the noise in the third row must give the same. */
static double floor_side(const double to_floor[9], struct point image)
{
    struct point floor = {1000, 10000};
    if (image.x > 0 && image.y > 0)
        floor = (struct point){image.x / 2, image.y};
    return to_floor[6] * floor.x + to_floor[7] * floor.y + to_floor[8];
}

enum err calibration_of_homography(const double matrix[9], enum homography_direction direction,
                                   double metres_per_unit, struct point image,
                                   struct calibration *out_calibration, struct err_note *note)
{
    TRY(refuse_singular(matrix, note));
    struct calibration calibration = {.kind = CALIBRATION_HOMOGRAPHY};
    double *to_floor = calibration.pixel_to_floor;
    if (direction == HOMOGRAPHY_FLOOR_TO_PIXEL)
        invert(matrix, to_floor);
    else
        memcpy(to_floor, matrix, sizeof calibration.pixel_to_floor);
    double factor = floor_side(to_floor, image) < 0 ? -1 : 1;
    for (int i = 0; i < 9; i++)
        to_floor[i] *= i < 6 ? factor * metres_per_unit : factor;
    if (!all_finite(to_floor, 9))
        return err_set(note, ERR_INVALID, "matrix", "is too close to a singular one");
    *out_calibration = calibration;
    return ERR_NONE;
}

/* Rodrigues' formula: the first two columns of the rotation by |r| around r. */
static void rotation_columns(const double r[3], double out_first[3], double out_second[3])
{
    double angle = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    double x = 0, y = 0, z = 0;
    if (angle > 0) {
        x = r[0] / angle;
        y = r[1] / angle;
        z = r[2] / angle;
    }
    double c = cos(angle), s = sin(angle), t = 1 - c;
    out_first[0] = t * x * x + c;
    out_first[1] = t * x * y + s * z;
    out_first[2] = t * x * z - s * y;
    out_second[0] = t * x * y - s * z;
    out_second[1] = t * y * y + c;
    out_second[2] = t * y * z + s * x;
}

enum err calibration_of_opencv(struct calibration *inout_calibration, struct err_note *note)
{
    const double *k = inout_calibration->camera_matrix;
    if (!all_finite(k, 9) || !all_finite(inout_calibration->distortion, 5) ||
        !all_finite(inout_calibration->rotation, 3) ||
        !all_finite(inout_calibration->translation_m, 3))
        return err_set(note, ERR_INVALID, "camera_matrix", "must have finite numbers up to 1e12");
    if (!(k[0] > 0 && k[4] > 0) || k[3] != 0 || k[6] != 0 || k[7] != 0 || k[8] != 1)
        return err_set(note, ERR_INVALID, "camera_matrix",
                       "must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with positive fx and fy");
    double first[3], second[3], h[9];
    rotation_columns(inout_calibration->rotation, first, second);
    for (int row = 0; row < 3; row++) {
        const double *k_row = &k[3 * row];
        const double *t = inout_calibration->translation_m;
        h[3 * row] = k_row[0] * first[0] + k_row[1] * first[1] + k_row[2] * first[2];
        h[3 * row + 1] = k_row[0] * second[0] + k_row[1] * second[1] + k_row[2] * second[2];
        h[3 * row + 2] = k_row[0] * t[0] + k_row[1] * t[1] + k_row[2] * t[2];
    }
    if (refuse_singular(h, NULL) != ERR_NONE)
        return err_set(
            note, ERR_INVALID, "rvec",
            "with tvec puts the camera into the floor plane: check their unit and order");
    invert(h, inout_calibration->pixel_to_floor);
    if (!all_finite(inout_calibration->pixel_to_floor, 9))
        return err_set(note, ERR_INVALID, "rvec", "puts the camera too close to the floor plane");
    inout_calibration->kind = CALIBRATION_OPENCV;
    return ERR_NONE;
}

struct lens { /* the distorted image of an ideal point, and how it moves with it */
    double x, y;
    double xx, xy, yy; /* the Jacobian is symmetric */
};

static struct lens distort(const double d[5], double x, double y)
{
    double k1 = d[0], k2 = d[1], p1 = d[2], p2 = d[3], k3 = d[4];
    double r2 = x * x + y * y;
    double radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
    double slope = k1 + r2 * (2 * k2 + r2 * 3 * k3); /* d radial / d r2 */
    return (struct lens){
        .x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        .y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        .xx = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x,
        .xy = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y,
        .yy = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x,
    };
}

/* False where the model folds over (the Jacobian is not positive definite): no ray comes from there,
 * and the polynomial's answer would be a point of another ray, even on the other side. */
static bool undistort(const struct calibration *c, struct point pixel, struct point *out_pixel)
{
    const double *k = c->camera_matrix;
    double goal_y = (pixel.y - k[5]) / k[4];
    double goal_x = (pixel.x - k[2] - k[1] * goal_y) / k[0];
    double x = goal_x, y = goal_y;
    for (int step = 0; step < UNDISTORT_STEPS; step++) {
        struct lens lens = distort(c->distortion, x, y);
        double error_x = lens.x - goal_x, error_y = lens.y - goal_y;
        double scale = lens.xx * lens.yy - lens.xy * lens.xy;
        if (!(scale > 0 && lens.xx > 0))
            return false;
        if (fabs(error_x) + fabs(error_y) < UNDISTORT_TOLERANCE) {
            *out_pixel = (struct point){k[0] * x + k[1] * y + k[2], k[4] * y + k[5]};
            return true;
        }
        x -= (lens.yy * error_x - lens.xy * error_y) / scale;
        y -= (lens.xx * error_y - lens.xy * error_x) / scale;
    }
    return false;
}

bool calibration_to_floor(const struct calibration *calibration, struct point foot,
                          struct point *out_floor_m)
{
    if (calibration->kind == CALIBRATION_METRES) {
        *out_floor_m = foot;
        return true;
    }
    if (calibration->kind == CALIBRATION_NONE)
        return false;
    if (calibration->kind == CALIBRATION_OPENCV && !undistort(calibration, foot, &foot))
        return false;
    const double *m = calibration->pixel_to_floor;
    double w = m[6] * foot.x + m[7] * foot.y + m[8];
    if (!(w > 0))
        return false;
    double x = (m[0] * foot.x + m[1] * foot.y + m[2]) / w;
    double y = (m[3] * foot.x + m[4] * foot.y + m[5]) / w;
    if (!(fabs(x) <= VENUE_EXTENT_MAX_M && fabs(y) <= VENUE_EXTENT_MAX_M))
        return false;
    *out_floor_m = (struct point){x, y};
    return true;
}
