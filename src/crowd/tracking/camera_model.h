// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/camera_model.h — how well a camera knows where a foot stands: the box's foot point has
 * an error in pixels that grows with the box, and the calibration carries it to the floor, where it is
 * long along the line of sight and short across. How large it is, and how often the camera sees who is
 * there, is learned from the venue's own detections: from persons that other cameras see too. */
#pragma once
#include "crowd/tracking/spot.h"
#include "venues/venues.h"

/* Before anything is learned: share of the box's width and height. Weight of that opinion, persons. */
#define CAMERA_FOOT_SHARE  0.03
#define CAMERA_FOOT_WEIGHT 20.0
#define CAMERA_SHARE_MIN   0.005
#define CAMERA_SHARE_MAX   0.25
/* What one learns is forgotten after so many persons. */
#define CAMERA_MEMORY 5000.0
/* Where the calibration itself is off, metres: true boxes of WILDTRACK and others lie within 7 to 11 cm. */
#define CAMERA_CALIBRATION_M 0.1
/* A box that leaves the picture hides its foot: so many times less sure. */
#define CAMERA_CUT_FACTOR 4.0
/* Position sensors that report metres (lidar, radar, other trackers). */
#define CAMERA_METRES_M 0.15

/* Near the horizon a pixel is many metres: such a box has no place. */
#define CAMERA_SPREAD_MAX_M 50.0

struct camera_model {
    const struct device *device; /* borrowed from the venue's view */
    double across_share, along_share;
    double across_sum, along_sum, sum_weight;
    double hits, looks; /* wherever it is said to see, by persons known from others */
};

struct box {
    double foot_x, foot_y; /* bottom centre, pixels; or metres */
    double width, height;  /* pixels; 0 in metres */
};

struct sighting {
    struct spot spot;
    struct evidence evidence; /* the same */
    double jacobian[4];       /* floor by pixel: dx/du dx/dv dy/du dy/dv */
    double width, height;
    uint32_t box;     /* which one of the frame */
    uint32_t cluster; /* whom it is taken for; see step.h */
    uint64_t person;  /* the track's id once that is certain; 0 */
    bool is_cut;
};

void camera_model_init(struct camera_model *camera, const struct device *device);
/* False when it has no place on the floor. */
bool camera_model_see(const struct camera_model *camera, const struct box *box,
                      struct sighting *out_sighting);
/* The same for a place on the floor in metres. */
bool camera_model_place(const struct box *place, struct sighting *out_sighting);
/* `others` is where those who are not this camera say the person stands. */
void camera_model_learn(struct camera_model *camera, const struct sighting *sighting,
                        const struct spot *others);
/* How probable it is that it sees a person in its picture. */
double camera_model_hit_rate(const struct camera_model *camera);
