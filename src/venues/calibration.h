// SPDX-License-Identifier: Apache-2.0
/* venues/calibration.h — from the numbers that people give to a struct calibration. The floor is
 * the plane z = 0; a point of it is seen at pixel ~ H (x, y, 1), H = K [r1 r2 t] for an OpenCV
 * camera. */
#pragma once
#include "base/json.h"
#include "venues/venues.h"

enum homography_direction { HOMOGRAPHY_PIXEL_TO_FLOOR, HOMOGRAPHY_FLOOR_TO_PIXEL };

/* `metres_per_unit`: 1 or 0.01. `image` (width, height) orients the horizon; zero when not known.
 * ERR_INVALID when the matrix is singular, or so near that pixels say nothing about the floor. */
MUST_USE enum err calibration_of_homography(const double matrix[9],
                                            enum homography_direction direction,
                                            double metres_per_unit, struct point image,
                                            struct calibration *out_calibration,
                                            struct err_note *note);

/* Completes camera_matrix, distortion, rotation and translation_m with pixel_to_floor. */
MUST_USE enum err calibration_of_opencv(struct calibration *inout_calibration,
                                        struct err_note *note);

/* The document's "calibration" object (docs/formats/venue.md); NULL is CALIBRATION_NONE. */
MUST_USE enum err calibration_read(json_t *object, struct point image,
                                   struct calibration *out_calibration, struct err_note *note);

/* What OpenCV's FileStorage wrote, XML or YAML: adds the numbers of the nodes that it knows
 * (camera_matrix, distortion_coefficients, rvec, tvec and their usual other names). */
struct opencv_numbers {
    double camera_matrix[9];
    double distortion[8];
    double rvec[3];
    double tvec[3];
    size_t camera_matrix_count; /* how many were read; 0 = the node was not there */
    size_t distortion_count;
    size_t rvec_count;
    size_t tvec_count;
};
MUST_USE enum err opencv_file_read(const char *text, size_t len,
                                   struct opencv_numbers *inout_numbers, struct err_note *note);
/* Where a node's numbers belong; NULL when the name is of no interest. `out_count` counts them. */
double *opencv_numbers_slot(struct opencv_numbers *numbers, const char *name, size_t *out_max,
                            size_t **out_count);
