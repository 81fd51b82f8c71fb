// SPDX-License-Identifier: Apache-2.0
#include "feeds/camera.h"

#include <math.h>

/* World to camera as three rows (right, down, forward) and the camera's place: x_cam = R (p - c).
 */
struct pose {
    double rows[3][3];
    double centre[3];
};

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void normalise(double v[3])
{
    double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    assert(length > 0);
    for (int i = 0; i < 3; i++)
        v[i] /= length;
}

static struct pose pose_of(const struct camera *camera)
{
    static const double UP[3] = {0, 0, 1};
    struct pose pose = {.centre = {camera->at_x, camera->at_y, camera->height}};
    double *right = pose.rows[0];
    double *down = pose.rows[1];
    double *forward = pose.rows[2];
    forward[0] = camera->look_x - camera->at_x;
    forward[1] = camera->look_y - camera->at_y;
    forward[2] = -camera->height;
    normalise(forward);
    cross(forward, UP, right);
    normalise(right);
    cross(forward, right, down);
    return pose;
}

/* False behind the camera. */
static bool project(const struct camera *camera, const struct pose *pose, const double point[3],
                    double *out_u, double *out_v)
{
    double seen[3];
    for (int i = 0; i < 3; i++) {
        seen[i] = 0;
        for (int k = 0; k < 3; k++)
            seen[i] += pose->rows[i][k] * (point[k] - pose->centre[k]);
    }
    if (seen[2] < 0.1)
        return false;
    *out_u = camera->focal_px * seen[0] / seen[2] + CAMERA_WIDTH_PX / 2.0;
    *out_v = camera->focal_px * seen[1] / seen[2] + CAMERA_HEIGHT_PX / 2.0;
    return true;
}

void camera_floor_to_pixel(const struct camera *camera, double out_matrix[9])
{
    struct pose pose = pose_of(camera);
    double columns[3][3]; /* R applied to x, y and to -centre */
    for (int i = 0; i < 3; i++) {
        columns[i][0] = pose.rows[i][0];
        columns[i][1] = pose.rows[i][1];
        columns[i][2] = 0;
        for (int k = 0; k < 3; k++)
            columns[i][2] -= pose.rows[i][k] * pose.centre[k];
    }
    for (int k = 0; k < 3; k++) {
        out_matrix[k] = camera->focal_px * columns[0][k] + CAMERA_WIDTH_PX / 2.0 * columns[2][k];
        out_matrix[3 + k] =
            camera->focal_px * columns[1][k] + CAMERA_HEIGHT_PX / 2.0 * columns[2][k];
        out_matrix[6 + k] = columns[2][k];
    }
}

void camera_pixel_to_floor(const struct camera *camera, double out_matrix[9])
{
    double m[9];
    camera_floor_to_pixel(camera, m);
    double cofactors[9] = {
        m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
        m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
        m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
    };
    double determinant = m[0] * cofactors[0] + m[1] * cofactors[3] + m[2] * cofactors[6];
    assert(determinant != 0);
    for (int i = 0; i < 9; i++)
        out_matrix[i] = cofactors[i] / determinant;
}

static bool see_one(const struct camera *camera, const struct pose *pose,
                    const struct walker *walker, struct observation *out)
{
    double foot_u;
    double foot_v;
    double head_u;
    double head_v;
    if (!project(camera, pose, (double[]){walker->x, walker->y, 0}, &foot_u, &foot_v) ||
        !project(camera, pose, (double[]){walker->x, walker->y, walker->height}, &head_u, &head_v))
        return false;
    double h = fabs(foot_v - head_v);
    double w = MAX(4, h * 0.4);
    bool is_inside = foot_u >= 0 && foot_u < CAMERA_WIDTH_PX && foot_v < CAMERA_HEIGHT_PX &&
                     head_v >= 0 && h >= 4;
    if (!is_inside)
        return false;
    /* The bottom centre is where the feet are, to half a pixel: that is what places the person. */
    *out = (struct observation){.track = walker->id,
                                .x = round(foot_u - w / 2),
                                .y = round(foot_v - h),
                                .w = round(w),
                                .h = round(h),
                                .confidence = 0.9};
    return true;
}

size_t camera_see(const struct camera *camera, const struct walker *walkers, size_t count,
                  double miss_probability, struct random_sequence *chance, struct observation *out,
                  size_t size)
{
    struct pose pose = pose_of(camera);
    size_t seen = 0;
    for (size_t i = 0; i < count && seen < size; i++) {
        bool is_missed = random_uniform(chance) < miss_probability;
        if (!is_missed && see_one(camera, &pose, &walkers[i], &out[seen]))
            seen++;
    }
    return seen;
}
