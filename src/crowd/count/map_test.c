// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/map.h"

#include "base/random.h"
#include "base/test.h"
#include "crowd/builders.h"

#include <math.h>

static const char *const NOBODY[] = {NULL};

static bool map_says(const struct crowd_map *map, size_t zone, struct point p)
{
    size_t count;
    const struct map_entry *entries = map_cell(map, p, &count);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].zone == zone && map_entry_holds(map, &entries[i], p))
            return true;
    }
    return false;
}

/* A star with spikes between 5 and 40 m: every kind of cell. */
static void make_star(struct zone *zone, struct random_sequence *random)
{
    size_t len = 3 + random_below(random, 60);
    struct point centre = {random_uniform(random) * 100, random_uniform(random) * 100};
    zone->ring = mem_resize(zone->ring, len * sizeof *zone->ring);
    zone->ring_len = len;
    for (size_t i = 0; i < len; i++) {
        double angle = 2 * M_PI * (double)i / (double)len, r = 5 + 35 * random_uniform(random);
        zone->ring[i] = (struct point){centre.x + r * cos(angle), centre.y + r * sin(angle)};
    }
}

TEST(the_grid_agrees_with_the_polygons_everywhere)
{
    struct random_sequence random = {.state = 20260620};
    struct zone_box boxes[12];
    for (int round = 0; round < 20; round++) {
        for (size_t z = 0; z < COUNT_OF(boxes); z++)
            boxes[z] = (struct zone_box){"z", 0, 0, 1, 1};
        struct venue_view *view = build_view(boxes, COUNT_OF(boxes), NOBODY);
        for (size_t z = 0; z < COUNT_OF(boxes); z++)
            make_star(&view->zones[z], &random);
        SCOPED(crowd_map) map = crowd_map_create(view);
        for (int i = 0; i < 3000; i++) {
            struct point p = {random_uniform(&random) * 240 - 70,
                              random_uniform(&random) * 240 - 70};
            if (i % 3 == 0) { /* close to, or on, an edge */
                const struct zone *zone = &view->zones[random_below(&random, COUNT_OF(boxes))];
                size_t e = random_below(&random, zone->ring_len);
                struct point a = zone->ring[e], b = zone->ring[(e + 1) % zone->ring_len];
                double t = random_uniform(&random);
                p = (struct point){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
            }
            for (size_t z = 0; z < COUNT_OF(boxes); z++)
                CHECK_INT(map_says(map, z, p),
                          polygon_contains(view->zones[z].ring, view->zones[z].ring_len, p));
        }
        shared_unref(&view->shared);
    }
}

TEST(cells_on_level_and_upright_borders_agree_too)
{
    const struct zone_box boxes[] = {
        {"a", 0, 0, 40, 20}, {"b", 40, 0, 80, 20}, {"c", 10, 5, 50, 15}};
    struct venue_view *view = build_view(boxes, COUNT_OF(boxes), NOBODY);
    SCOPED(crowd_map) map = crowd_map_create(view);
    for (double x = -1; x <= 81; x += 0.25) {
        for (double y = -1; y <= 21; y += 0.25) {
            struct point p = {x, y};
            for (size_t z = 0; z < COUNT_OF(boxes); z++)
                CHECK_INT(map_says(map, z, p), polygon_contains(view->zones[z].ring, 4, p));
        }
    }
    shared_unref(&view->shared);
}

TEST(a_venue_without_zones_has_an_empty_grid)
{
    struct venue_view *view = build_view(NULL, 0, NOBODY);
    SCOPED(crowd_map) map = crowd_map_create(view);
    size_t count = 1;
    (void)map_cell(map, (struct point){0, 0}, &count);
    CHECK_INT(count, 0);
    shared_unref(&view->shared);
}

TEST(a_camera_covers_what_it_declares_or_what_its_picture_shows)
{
    const struct zone_box boxes[] = {{"far", 100, 0, 110, 10}, {"near", 0, 0, 8, 8}};
    const char *const cameras[] = {"declares", "knows", "shows", NULL};
    struct venue_view *view = build_view(boxes, COUNT_OF(boxes), cameras);
    struct device *declares = build_device(view, "declares");
    declares->sees = mem_new(sizeof *declares->sees);
    declares->sees_count = 1; /* zone 0 */
    struct device *shows = build_device(view, "shows");
    shows->calibration = (struct calibration){
        .kind = CALIBRATION_HOMOGRAPHY, .pixel_to_floor = {0.01, 0, 0, 0, -0.01, 10, 0, 0, 1}};
    shows->image_width_px = shows->image_height_px = 1000;
    SCOPED(crowd_map) map = crowd_map_create(view);
    uint64_t zones = 0;
    CHECK(map_coverage(map, declares, &zones));
    CHECK_INT(zones, 1);
    zones = 0;
    CHECK(map_coverage(map, shows, &zones));
    CHECK_INT(zones, 2);
    CHECK(!map_coverage(map, build_device(view, "knows"), &zones));
    shared_unref(&view->shared);
}
