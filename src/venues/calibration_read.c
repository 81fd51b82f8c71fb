// SPDX-License-Identifier: Apache-2.0
/* venues/calibration_read.c — the "calibration" member of a device's document. */
#include "venues/calibration.h"

#include <math.h>
#include <stdio.h>

#define CALIBRATION_POINTS_MAX 100

static const char *const kind_names[] = {"none", "homography", "opencv", "metres", NULL};
static const char *const direction_names[] = {"pixel_to_floor", "floor_to_pixel", NULL};
static const char *const unit_names[] = {"m", "cm", NULL};
static const double unit_metres[] = {1, 0.01};

struct calibration_document {
    int kind, direction, unit;
    bool has_direction;
    double error_m;
    json_t *matrix, *camera_matrix, *distortion, *rvec, *tvec, *files, *points;
};

static const struct json_field fields[] = {
    {"kind", JSON_FIELD_ENUM, JSON_REQUIRED, JSON_AT(struct calibration_document, kind),
     .names = kind_names, .doc = "how pixels become floor positions"},
    {"direction", JSON_FIELD_ENUM, JSON_OPTIONAL, JSON_AT(struct calibration_document, direction),
     .names = direction_names, .doc = "what the homography maps",
     .present_offset = offsetof(struct calibration_document, has_direction)},
    {"unit", JSON_FIELD_ENUM, JSON_OPTIONAL, JSON_AT(struct calibration_document, unit),
     .names = unit_names, .doc = "of the floor: m or cm"},
    {"matrix", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, matrix),
     .doc = "3x3 homography"},
    {"camera_matrix", JSON_FIELD_ANY, JSON_OPTIONAL,
     JSON_AT(struct calibration_document, camera_matrix), .doc = "OpenCV's 3x3 intrinsics"},
    {"distortion", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, distortion),
     .doc = "k1, k2, p1, p2, k3"},
    {"rvec", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, rvec),
     .doc = "rotation vector"},
    {"tvec", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, tvec),
     .doc = "translation in the unit"},
    {"files", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, files),
     .doc = "text of OpenCV's XML or YAML files"},
    {"error_m", JSON_FIELD_REAL, JSON_OPTIONAL, JSON_AT(struct calibration_document, error_m),
     .max = 1000, .doc = "how far off it is on the floor, as whoever made it measured; kept"},
    {"points", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct calibration_document, points),
     .doc = "what it was made from: [pixel x, y, floor x, y in metres], up to 100; kept"},
};

/* Flat or nested by rows; counts what it found. */
static enum err flatten(json_t *value, double *out, size_t max, size_t *inout_count,
                        struct err_note *note)
{
    if (json_is_number(value)) {
        if (*inout_count == max || !isfinite(json_number_value(value)))
            return ERR_INVALID;
        out[(*inout_count)++] = json_number_value(value);
        return ERR_NONE;
    }
    if (!json_is_array(value))
        return ERR_INVALID;
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item) TRY(flatten(item, out, max, inout_count, note));
    return ERR_NONE;
}

static enum err read_numbers(json_t *value, const char *name, size_t min, size_t max, double *out,
                             struct err_note *note)
{
    size_t count = 0;
    if (value == NULL)
        return err_set(note, ERR_INVALID, name, "is missing for this kind of calibration");
    if (flatten(value, out, max, &count, note) != ERR_NONE || count < min)
        return err_set(note, ERR_INVALID, name, "must be an array of %zu%s numbers", min,
                       max > min ? " or more" : "");
    return ERR_NONE;
}

/* Kept for people and for who calibrates again; nothing is computed from them. */
static enum err check_points(json_t *points, struct err_note *note)
{
    double numbers[4];
    size_t i;
    json_t *point;
    if (points == NULL)
        return ERR_NONE;
    if (!json_is_array(points) || json_array_size(points) > CALIBRATION_POINTS_MAX)
        return err_set(note, ERR_INVALID, "points", "must be an array of up to %d points",
                       CALIBRATION_POINTS_MAX);
    json_array_foreach(points, i, point)
    {
        char place[32];
        (void)snprintf(place, sizeof place, "points[%zu]", i);
        TRY(read_numbers(point, place, 4, 4, numbers, note));
    }
    return ERR_NONE;
}

static enum err read_homography(const struct calibration_document *document, struct point image,
                                struct calibration *out, struct err_note *note)
{
    double matrix[9];
    if (!document->has_direction)
        return err_set(note, ERR_INVALID, "direction",
                       "is missing: say pixel_to_floor or floor_to_pixel");
    TRY(read_numbers(document->matrix, "matrix", 9, 9, matrix, note));
    return calibration_of_homography(matrix, (enum homography_direction)document->direction,
                                     unit_metres[document->unit], image, out, note);
}

static enum err read_files(json_t *files, struct opencv_numbers *out, struct err_note *note)
{
    if (!json_is_array(files) || json_array_size(files) > 8)
        return err_set(note, ERR_INVALID, "files", "must be an array of up to 8 texts");
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        char place[32];
        (void)snprintf(place, sizeof place, "files[%zu]", i);
        if (!json_is_string(file))
            return err_set(note, ERR_INVALID, place, "must be the text of a file");
        enum err err =
            opencv_file_read(json_string_value(file), json_string_length(file), out, note);
        if (err != ERR_NONE) {
            err_note_within(note, place);
            return err;
        }
    }
    return ERR_NONE;
}

static enum err check_files(const struct opencv_numbers *numbers, struct err_note *note)
{
    const char *missing = numbers->camera_matrix_count != 9 ? "camera_matrix"
                          : numbers->rvec_count != 3        ? "rvec"
                          : numbers->tvec_count != 3        ? "tvec"
                                                            : NULL;
    if (missing != NULL)
        return err_set(note, ERR_INVALID, "files", "hold no complete %s", missing);
    return ERR_NONE;
}

static enum err read_opencv_numbers(const struct calibration_document *document,
                                    struct opencv_numbers *out, struct err_note *note)
{
    if (document->files != NULL) {
        TRY(read_files(document->files, out, note));
        return check_files(out, note);
    }
    TRY(read_numbers(document->camera_matrix, "camera_matrix", 9, 9, out->camera_matrix, note));
    if (document->distortion != NULL)
        TRY(read_numbers(document->distortion, "distortion", 4, 8, out->distortion, note));
    TRY(read_numbers(document->rvec, "rvec", 3, 3, out->rvec, note));
    return read_numbers(document->tvec, "tvec", 3, 3, out->tvec, note);
}

static enum err read_opencv(const struct calibration_document *document, struct calibration *out,
                            struct err_note *note)
{
    struct opencv_numbers numbers = {.distortion_count = 0};
    TRY(read_opencv_numbers(document, &numbers, note));
    if (numbers.distortion[5] != 0 || numbers.distortion[6] != 0 || numbers.distortion[7] != 0)
        return err_set(note, ERR_INVALID, "distortion",
                       "k4, k5 and k6 must be 0: calibrate without CALIB_RATIONAL_MODEL");
    struct calibration calibration = {.kind = CALIBRATION_OPENCV};
    memcpy(calibration.camera_matrix, numbers.camera_matrix, sizeof calibration.camera_matrix);
    memcpy(calibration.distortion, numbers.distortion, sizeof calibration.distortion);
    memcpy(calibration.rotation, numbers.rvec, sizeof calibration.rotation);
    for (int i = 0; i < 3; i++)
        calibration.translation_m[i] = numbers.tvec[i] * unit_metres[document->unit];
    TRY(calibration_of_opencv(&calibration, note));
    *out = calibration;
    return ERR_NONE;
}

enum err calibration_read(json_t *object, struct point image, struct calibration *out_calibration,
                          struct err_note *note)
{
    struct calibration_document document = {.kind = CALIBRATION_NONE};
    if (object == NULL || json_is_null(object)) {
        *out_calibration = (struct calibration){.kind = CALIBRATION_NONE};
        return ERR_NONE;
    }
    TRY(json_read(object, fields, COUNT_OF(fields), &document, note));
    TRY(check_points(document.points, note));
    switch ((enum calibration_kind)document.kind) {
    case CALIBRATION_HOMOGRAPHY:
        return read_homography(&document, image, out_calibration, note);
    case CALIBRATION_OPENCV:
        return read_opencv(&document, out_calibration, note);
    case CALIBRATION_METRES:
    case CALIBRATION_NONE:
        *out_calibration = (struct calibration){.kind = (enum calibration_kind)document.kind};
        return ERR_NONE;
    }
    return ERR_INVALID;
}
