// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "feeds/camera.h"
#include "feeds/sample.h"

#include <math.h>

static void apply(const double m[9], double x, double y, double *out_x, double *out_y)
{
    double w = m[6] * x + m[7] * y + m[8];
    *out_x = (m[0] * x + m[1] * y + m[2]) / w;
    *out_y = (m[3] * x + m[4] * y + m[5]) / w;
}

TEST(the_foot_of_a_box_leads_back_to_where_the_person_stands)
{
    struct random_sequence chance = {1};
    for (size_t c = 0; c < sample_camera_count; c++) {
        const struct camera *camera = &sample_cameras[c];
        struct walker walker = {
            .id = 5, .x = camera->look_x + 2, .y = camera->look_y, .height = 1.7};
        struct observation box;
        CHECK_INT(camera_see(camera, &walker, 1, 0, &chance, &box, 1), 1);
        double matrix[9];
        camera_pixel_to_floor(camera, matrix);
        double x;
        double y;
        apply(matrix, box.x + box.w / 2, box.y + box.h, &x, &y);
        CHECK_NEAR(x, walker.x, 0.15);
        CHECK_NEAR(y, walker.y, 0.15);
    }
}

/* Otherwise the demo's counts would be wrong for a reason that is not the product's. */
TEST(every_sample_zone_lies_in_one_cameras_picture)
{
    struct random_sequence chance = {1};
    for (size_t z = 0; z < SAMPLE_PLACES; z++) {
        const struct sample_zone *zone = &sample_zones[z];
        struct walker corners[4] = {{1, zone->west, zone->south, 1.9},
                                    {2, zone->east, zone->south, 1.9},
                                    {3, zone->east, zone->north, 1.9},
                                    {4, zone->west, zone->north, 1.9}};
        size_t best = 0;
        for (size_t c = 0; c < sample_camera_count; c++) {
            struct observation boxes[4];
            size_t seen = camera_see(&sample_cameras[c], corners, 4, 0, &chance, boxes, 4);
            best = MAX(best, seen);
        }
        if (best != 4)
            print_error("zone %s\n", zone->id);
        CHECK_INT(best, 4);
    }
}

TEST(missed_detections_come_as_often_as_asked)
{
    struct random_sequence chance = {3};
    const struct camera *camera = &sample_cameras[0];
    struct walker walkers[1000];
    for (size_t i = 0; i < COUNT_OF(walkers); i++)
        walkers[i] = (struct walker){(int64_t)i, camera->look_x, camera->look_y, 1.7};
    struct observation boxes[1000];
    size_t seen = camera_see(camera, walkers, 1000, 0.2, &chance, boxes, 1000);
    CHECK(seen > 750 && seen < 850);
}
