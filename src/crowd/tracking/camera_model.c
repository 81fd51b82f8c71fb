// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/camera_model.c — spread = J diag(a², b²) J' + calibration, with J the derivative of the
 * floor by the pixel, a and b the foot's deviation in pixels across and along. */
#include "crowd/tracking/camera_model.h"

#define PIXEL_STEP       0.5
#define PIXEL_DEVIATION2 1.0 /* boxes are whole pixels */
#define HIT_PRIOR        8.0
#define LOOK_PRIOR       10.0
/* A residual beyond this many deviations is of another person. */
#define RESIDUAL_MAX 4.0

void camera_model_init(struct camera_model *camera, const struct device *device)
{
    *camera = (struct camera_model){.device = device,
                                    .across_share = CAMERA_FOOT_SHARE,
                                    .along_share = CAMERA_FOOT_SHARE,
                                    .sum_weight = CAMERA_FOOT_WEIGHT};
    camera->across_sum = camera->along_sum =
        CAMERA_FOOT_WEIGHT * CAMERA_FOOT_SHARE * CAMERA_FOOT_SHARE;
}

static struct spread carry(const double j[4], double across2, double along2)
{
    return (struct spread){j[0] * j[0] * across2 + j[1] * j[1] * along2,
                           j[0] * j[2] * across2 + j[1] * j[3] * along2,
                           j[2] * j[2] * across2 + j[3] * j[3] * along2};
}

static bool is_cut(const struct device *device, const struct box *box)
{
    return (device->image_height_px > 0 && box->foot_y >= device->image_height_px - 1) ||
           (device->image_width_px > 0 &&
            (box->foot_x - box->width / 2 <= 0 ||
             box->foot_x + box->width / 2 >= device->image_width_px - 1));
}

static bool derive(const struct calibration *calibration, const struct box *box,
                   struct sighting *inout_sighting)
{
    struct point right, below;
    struct point foot = {box->foot_x + PIXEL_STEP, box->foot_y};
    if (!calibration_to_floor(calibration, foot, &right))
        return false;
    foot = (struct point){box->foot_x, box->foot_y + PIXEL_STEP};
    if (!calibration_to_floor(calibration, foot, &below))
        return false;
    const struct spot *spot = &inout_sighting->spot;
    double *j = inout_sighting->jacobian;
    j[0] = (right.x - spot->x) / PIXEL_STEP;
    j[1] = (below.x - spot->x) / PIXEL_STEP;
    j[2] = (right.y - spot->y) / PIXEL_STEP;
    j[3] = (below.y - spot->y) / PIXEL_STEP;
    return fabs(j[0] * j[3] - j[1] * j[2]) > 1e-12;
}

bool camera_model_place(const struct box *place, struct sighting *out_sighting)
{
    double metres2 = CAMERA_METRES_M * CAMERA_METRES_M;
    struct sighting sighting = {.cluster = UINT32_MAX};
    sighting.spot = (struct spot){place->foot_x, place->foot_y, {metres2, 0, metres2}};
    sighting.evidence = evidence_of(&sighting.spot);
    *out_sighting = sighting;
    return isfinite(place->foot_x) && isfinite(place->foot_y);
}

bool camera_model_see(const struct camera_model *camera, const struct box *box,
                      struct sighting *out_sighting)
{
    const struct calibration *calibration = &camera->device->calibration;
    struct point floor;
    if (calibration->kind == CALIBRATION_METRES)
        return camera_model_place(box, out_sighting);
    if (!calibration_to_floor(calibration, (struct point){box->foot_x, box->foot_y}, &floor))
        return false;
    struct sighting sighting = {.spot = {.x = floor.x, .y = floor.y},
                                .width = box->width,
                                .height = box->height,
                                .cluster = UINT32_MAX,
                                .is_cut = is_cut(camera->device, box)};
    if (!derive(calibration, box, &sighting))
        return false;
    double calibration2 = CAMERA_CALIBRATION_M * CAMERA_CALIBRATION_M;
    double factor = sighting.is_cut ? CAMERA_CUT_FACTOR : 1;
    double across = camera->across_share * box->width * factor;
    double along = camera->along_share * box->height * factor;
    struct spread spread = carry(sighting.jacobian, across * across + PIXEL_DEVIATION2,
                                 along * along + PIXEL_DEVIATION2);
    sighting.spot.spread = spread_sum(spread, (struct spread){calibration2, 0, calibration2});
    if (!(sighting.spot.spread.xx + sighting.spot.spread.yy <=
          CAMERA_SPREAD_MAX_M * CAMERA_SPREAD_MAX_M))
        return false;
    sighting.evidence = evidence_of(&sighting.spot);
    *out_sighting = sighting;
    return true;
}

static double learned_share(double sum, double weight)
{
    double share = sqrt(fmax(sum / weight, 0));
    return fmin(fmax(share, CAMERA_SHARE_MIN), CAMERA_SHARE_MAX);
}

void camera_model_learn(struct camera_model *camera, const struct sighting *sighting,
                        const struct spot *others)
{
    if (sighting->is_cut || !(sighting->width > 0 && sighting->height > 0))
        return;
    struct spread expected = spread_sum(sighting->spot.spread, others->spread);
    double dx = sighting->spot.x - others->x, dy = sighting->spot.y - others->y;
    if (spread_length2(expected, dx, dy) > RESIDUAL_MAX * RESIDUAL_MAX)
        return;
    /* Back to pixels: the residual, and what of its variance the others and the calibration explain. */
    const double *j = sighting->jacobian;
    double d = 1 / (j[0] * j[3] - j[1] * j[2]);
    double inverse[4] = {j[3] * d, -j[1] * d, -j[2] * d, j[0] * d};
    double calibration2 = CAMERA_CALIBRATION_M * CAMERA_CALIBRATION_M;
    struct spread s = spread_sum(others->spread, (struct spread){calibration2, 0, calibration2});
    for (int axis = 0; axis < 2; axis++) {
        double a = inverse[2 * axis], b = inverse[2 * axis + 1];
        double residual = a * dx + b * dy;
        double explained = a * a * s.xx + 2 * a * b * s.xy + b * b * s.yy;
        double size = axis == 0 ? sighting->width : sighting->height;
        double share2 = (residual * residual - explained) / (size * size);
        *(axis == 0 ? &camera->across_sum : &camera->along_sum) += share2;
    }
    camera->sum_weight += 1;
    if (camera->sum_weight > CAMERA_MEMORY) {
        camera->sum_weight /= 2;
        camera->across_sum /= 2;
        camera->along_sum /= 2;
    }
    camera->across_share = learned_share(camera->across_sum, camera->sum_weight);
    camera->along_share = learned_share(camera->along_sum, camera->sum_weight);
}

double camera_model_hit_rate(const struct camera_model *camera)
{
    return (camera->hits + HIT_PRIOR) / (camera->looks + LOOK_PRIOR);
}
