// SPDX-License-Identifier: Apache-2.0
#include "venues/calibration.h"

#include "base/test.h"
#include "base/text.h"

#include <math.h>

static const struct point NO_IMAGE = {0, 0};

TEST(a_homography_maps_pixels_in_metres_or_centimetres_either_way)
{
    const double to_floor[9] = {0.01, 0, 0, 0, -0.01, 10, 0, 0, 1};
    const double to_pixel_cm[9] = {1, 0, 0, 0, -1, 1000, 0, 0, 1};
    struct calibration a, b;
    struct point p, q;
    CHECK_INT(calibration_of_homography(to_floor, HOMOGRAPHY_PIXEL_TO_FLOOR, 1, NO_IMAGE, &a, NULL),
              ERR_NONE);
    CHECK_INT(
        calibration_of_homography(to_pixel_cm, HOMOGRAPHY_FLOOR_TO_PIXEL, 0.01, NO_IMAGE, &b, NULL),
        ERR_NONE);
    CHECK(calibration_to_floor(&a, (struct point){300, 400}, &p));
    CHECK(calibration_to_floor(&b, (struct point){300, 400}, &q));
    CHECK_NEAR(p.x, 3, 1e-12);
    CHECK_NEAR(p.y, 6, 1e-12);
    CHECK_NEAR(q.x, 3, 1e-12);
    CHECK_NEAR(q.y, 6, 1e-12);
}

TEST(what_lies_above_the_horizon_has_no_place_whatever_the_sign_of_the_matrix)
{
    /* The horizon is the picture's row 100; lower rows show floor. */
    const double m[9] = {1, 0, -500, 0, 0, 300, 0, 0.01, -1};
    double negative[9];
    for (int i = 0; i < 9; i++)
        negative[i] = -m[i];
    struct calibration c;
    struct point p;
    for (int sign = 0; sign < 2; sign++) {
        CHECK_INT(calibration_of_homography(sign == 0 ? m : negative, HOMOGRAPHY_PIXEL_TO_FLOOR, 1,
                                            (struct point){1000, 800}, &c, NULL),
                  ERR_NONE);
        CHECK(calibration_to_floor(&c, (struct point){500, 400}, &p));
        CHECK_NEAR(p.y, 100, 1e-9);
        CHECK(!calibration_to_floor(&c, (struct point){500, 99}, &p));
        CHECK(!calibration_to_floor(&c, (struct point){500, 100}, &p));
    }
}

TEST(singular_matrices_are_refused)
{
    const double rows[9] = {1, 2, 3, 2, 4, 6, 0, 0, 1};
    const double zero[9] = {0};
    const double broken[9] = {1, 0, 0, 0, NAN, 0, 0, 0, 1};
    const double nearly[9] = {1, 2, 3, 2, 4, 6.000000000000002, 3, 1, 1};
    struct calibration c = {.kind = CALIBRATION_NONE};
    struct err_note note;
    const double *const all[] = {rows, zero, broken, nearly};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        CHECK_INT(
            calibration_of_homography(all[i], HOMOGRAPHY_PIXEL_TO_FLOOR, 1, NO_IMAGE, &c, &note),
            ERR_INVALID);
    CHECK_INT(c.kind, CALIBRATION_NONE);
}

/* As OpenCV's projectPoints: the independent forward model, floor to distorted pixel. False behind
 * the camera, and outside the picture or the angles for which the lens was measured. */
static bool project(const struct calibration *c, double x, double y, struct point *out_pixel)
{
    const double *r = c->rotation, *d = c->distortion;
    double angle = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    double k[3] = {r[0] / angle, r[1] / angle, r[2] / angle};
    double dot = k[0] * x + k[1] * y;
    double s = sin(angle), co = cos(angle);
    double cx = -k[2] * y, cy = k[2] * x, cz = k[0] * y - k[1] * x;
    double px = x * co + cx * s + k[0] * dot * (1 - co) + c->translation_m[0];
    double py = y * co + cy * s + k[1] * dot * (1 - co) + c->translation_m[1];
    double pz = cz * s + k[2] * dot * (1 - co) + c->translation_m[2];
    double u = px / pz, v = py / pz, r2 = u * u + v * v;
    double f = 1 + d[0] * r2 + d[1] * r2 * r2 + d[4] * r2 * r2 * r2;
    double du = u * f + 2 * d[2] * u * v + d[3] * (r2 + 2 * u * u);
    double dv = v * f + d[2] * (r2 + 2 * v * v) + 2 * d[3] * u * v;
    *out_pixel = (struct point){c->camera_matrix[0] * du + c->camera_matrix[2],
                                c->camera_matrix[4] * dv + c->camera_matrix[5]};
    return pz > 0 && r2 < 0.6 && out_pixel->x >= 0 && out_pixel->x < 1920 && out_pixel->y >= 0 &&
           out_pixel->y < 1080;
}

/* WILDTRACK's CVLab1, with its lens. */
static struct calibration cvlab1(void)
{
    return (struct calibration){
        .camera_matrix = {1743.4478759765625, 0, 934.5202026367188, 0, 1735.1566162109375,
                          444.3987731933594, 0, 0, 1},
        .distortion = {-0.432486, 0.610623, 0.008234, 0.00186, -0.692371},
        .rotation = {1.759099006652832, 0.46710100769996643, -0.331699013710022},
        .translation_m = {-5.258941650390625, 0.4540763473510742, 9.86723511},
    };
}

TEST(a_lens_is_undone_to_a_tenth_of_a_millimetre)
{
    struct calibration c = cvlab1();
    CHECK_INT(calibration_of_opencv(&c, NULL), ERR_NONE);
    int placed = 0;
    for (double x = -3; x < 9; x += 0.5) {
        for (double y = -9; y < 27; y += 0.5) {
            struct point pixel, p;
            if (!project(&c, x, y, &pixel))
                continue;
            CHECK(calibration_to_floor(&c, pixel, &p));
            CHECK_NEAR(p.x, x, 1e-4);
            CHECK_NEAR(p.y, y, 1e-4);
            placed++;
        }
    }
    CHECK(placed > 200);
}

TEST(a_pixel_where_the_lens_folds_over_has_no_place)
{
    struct calibration c = cvlab1();
    c.distortion[1] = c.distortion[4] = 0; /* barrel only: beyond r2 = 0.77 it turns back */
    CHECK_INT(calibration_of_opencv(&c, NULL), ERR_NONE);
    struct point p;
    CHECK(calibration_to_floor(&c, (struct point){934, 900}, &p));
    for (double x = 2000; x < 20000; x += 10)
        CHECK(!calibration_to_floor(&c, (struct point){x, 900}, &p));
}

TEST(a_camera_in_the_floor_plane_is_refused)
{
    struct calibration c = cvlab1();
    for (int i = 0; i < 3; i++)
        c.rotation[i] = c.translation_m[i] = 0;
    struct err_note note;
    CHECK_INT(calibration_of_opencv(&c, &note), ERR_INVALID);
    c = cvlab1();
    c.camera_matrix[0] = 0;
    CHECK_INT(calibration_of_opencv(&c, &note), ERR_INVALID);
}

TEST(opencv_files_are_read_in_both_of_their_forms)
{
    static const char xml[] =
        "<?xml version=\"1.0\"?>\n<opencv_storage>\n<camera_matrix type_id=\"opencv-matrix\">\n"
        "<rows>3</rows><cols>3</cols><dt>d</dt>\n<data>1700. 0. 990.5 0. 1720.25 520. 0. 0. "
        "1.</data>"
        "</camera_matrix>\n<rvec> 1.25 -1.5\n 1.75 </rvec></opencv_storage>";
    static const char yaml[] =
        "%YAML:1.0\n---\nimage_width: 1920\ndistortion_coefficients: !!opencv-matrix\n   rows: 5\n"
        "   cols: 1\n   dt: d\n   data: [ -5.0e-01, 0.25, 0., 1.5e-3,\n       -0.125 ]\n"
        "tvec: [ 10., 20., 30. ]\nextra: { deep: { data: [ 1, 2 ] }, more: 3 }\n";
    struct opencv_numbers numbers = {.rvec_count = 0};
    struct err_note note;
    CHECK_INT(opencv_file_read(xml, sizeof xml - 1, &numbers, &note), ERR_NONE);
    CHECK_INT(opencv_file_read(yaml, sizeof yaml - 1, &numbers, &note), ERR_NONE);
    CHECK_INT(numbers.camera_matrix_count, 9);
    CHECK_NEAR(numbers.camera_matrix[2], 990.5, 0);
    CHECK_NEAR(numbers.rvec[1], -1.5, 0);
    CHECK_INT(numbers.distortion_count, 5);
    CHECK_NEAR(numbers.distortion[4], -0.125, 0);
    CHECK_NEAR(numbers.tvec[2], 30, 0);
}

TEST(files_that_are_not_opencvs_are_refused)
{
    static const char *const files[] = {
        "<opencv_storage><rvec>1 2 three</rvec></opencv_storage>",
        "<opencv_storage><rvec>1 2 3 4</rvec></opencv_storage>",
        "<!DOCTYPE a [<!ENTITY b \"1 2 3\">]><opencv_storage><rvec>&b;</rvec></opencv_storage>",
        "<opencv_storage><rvec>1 2 3",
        "rvec: [1, 2, nan]\n",
        "rvec: &a [1, 2, 3]\ntvec: *a\n",
        "a: [1, {b: 2}]\n",
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct opencv_numbers numbers = {.rvec_count = 0};
        struct err_note note;
        CHECK_INT(opencv_file_read(files[i], strlen(files[i]), &numbers, &note), ERR_INVALID);
    }
}

/* --- WILDTRACK: real cameras, people whose true positions are known --- */

static char *read_member(const char *archive, const char *member)
{
    char command[4400];
    (void)snprintf(command, sizeof command, "tar -xJOf '%s' '%s'", archive, member);
    FILE *pipe = popen(command, "r");
    SCOPED_TEXT text;
    text_init(&text, 1 << 20);
    char block[4096];
    size_t len;
    while ((len = fread(block, 1, sizeof block, pipe)) > 0)
        text_add_bytes(&text, block, len);
    if (pclose(pipe) != 0 || text.len == 0)
        SKIP("tar or xz is not here");
    return text_take(&text);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances of the boxes' foot points from where the person really stands, of one camera. */
static double median_error_m(const struct calibration *calibration, json_t *persons, int view)
{
    double errors[4096];
    size_t count = 0, i;
    json_t *person;
    json_array_foreach(persons, i, person)
    {
        int position = (int)json_integer_value(json_object_get(person, "positionID"));
        json_t *box = json_array_get(json_object_get(person, "views"), (size_t)view);
        double left = json_number_value(json_object_get(box, "xmin"));
        double right = json_number_value(json_object_get(box, "xmax"));
        struct point foot = {(left + right) / 2, json_number_value(json_object_get(box, "ymax"))};
        struct point floor;
        /* A box cut by the picture's edge does not show the feet. */
        if (right < 0 || foot.y >= 1079 || left <= 0 || right >= 1919)
            continue;
        CHECK(calibration_to_floor(calibration, foot, &floor));
        double x = -3.0 + 0.025 * (position % 480), y = -9.0 + 0.025 * (position / 480);
        errors[count++] = hypot(floor.x - x, floor.y - y);
        CHECK(count < COUNT_OF(errors));
    }
    qsort(errors, count, sizeof *errors, by_size);
    return count == 0 ? 0 : errors[count / 2];
}

static json_t *wildtrack_persons(void)
{
    char archive[4096];
    (void)text_copy(archive, sizeof archive,
                    test_data("wildtrack/annotations_frames_000-199.tar.xz"));
    static const char *const frames[] = {"00000000.json", "00000250.json", "00000500.json",
                                         "00000750.json", "00000995.json"};
    json_t *all = json_array();
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        char *bytes = read_member(archive, frames[i]);
        json_t *frame = NULL;
        CHECK_INT(json_parse(bytes, strlen(bytes), &frame, NULL), ERR_NONE);
        (void)json_array_extend(all, frame);
        json_decref(frame);
        mem_free(bytes);
    }
    return all;
}

TEST(wildtracks_homographies_place_true_boxes_within_a_hand)
{
    json_error_t error;
    SCOPED_JSON *document =
        json_load_file(test_data("wildtrack/rest_homographies.json"), 0, &error);
    SCOPED_JSON *persons = wildtrack_persons();
    json_t *matrices = json_object_get(json_object_get(document, "sequence1"), "homography");
    double sum_m = 0;
    for (int view = 0; view < 7; view++) {
        SCOPED_JSON *object =
            json_pack("{s:s, s:s, s:s, s:O}", "kind", "homography", "direction", "floor_to_pixel",
                      "unit", "cm", "matrix", json_array_get(matrices, (size_t)view));
        struct calibration calibration;
        CHECK_INT(calibration_read(object, (struct point){1920, 1080}, &calibration, NULL),
                  ERR_NONE);
        double error_m = median_error_m(&calibration, persons, view);
        CHECK(error_m < 0.15);
        sum_m += error_m;
    }
    CHECK(sum_m / 7 < 0.10);
}

TEST(wildtracks_opencv_files_place_true_boxes_within_a_hand)
{
    static const char *const cameras[] = {"CVLab1", "CVLab2", "CVLab3", "CVLab4",
                                          "IDIAP1", "IDIAP2", "IDIAP3"};
    SCOPED_JSON *persons = wildtrack_persons();
    char archive[4096];
    (void)text_copy(archive, sizeof archive, test_data("wildtrack/calibrations.tar.xz"));
    double sum_m = 0;
    for (int view = 0; view < 7; view++) {
        char intrinsic[100], extrinsic[100];
        (void)snprintf(intrinsic, sizeof intrinsic, "calibrations/intrinsic_zero/intr_%s.xml",
                       cameras[view]);
        (void)snprintf(extrinsic, sizeof extrinsic, "calibrations/extrinsic/extr_%s.xml",
                       cameras[view]);
        char *first = read_member(archive, intrinsic), *second = read_member(archive, extrinsic);
        SCOPED_JSON *object = json_pack("{s:s, s:s, s:[s, s]}", "kind", "opencv", "unit", "cm",
                                        "files", first, second);
        mem_free(first);
        mem_free(second);
        struct calibration calibration;
        struct err_note note;
        CHECK_INT(calibration_read(object, NO_IMAGE, &calibration, &note), ERR_NONE);
        double error_m = median_error_m(&calibration, persons, view);
        CHECK(error_m < 0.15);
        sum_m += error_m;
    }
    CHECK(sum_m / 7 < 0.10);
}
