// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "base/test.h"
#include "crowd/builders.h"
#include "crowd/measures/measures.h"

#include <math.h>

#define RING(corners)                                                                              \
    {                                                                                              \
        (corners), COUNT_OF(corners), RING_FLOOR                                                   \
    }

#define OBSTACLE(corners)                                                                          \
    {                                                                                              \
        (corners), COUNT_OF(corners), RING_OBSTACLE                                                \
    }

static const char *const NOBODY[] = {NULL};
static const struct point HALL[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};

/* A hall of 10 m by 10 m, what stands in it, and a zone or two. */
struct scene {
    struct crowd_map *map;
    struct measures *measures;
    int64_t at_ms;
};

static struct scene build_scene(const struct ring *floor, size_t rings,
                                const struct zone_box *zones, size_t zone_count)
{
    struct scene scene = {0};
    struct venue_view *view = build_view(zones, zone_count, NOBODY);
    scene.map = crowd_map_create(view);
    shared_unref(&view->shared);
    const struct measures_scope scope = {
        .map = scene.map, .floor = floor, .floor_ring_count = rings};
    CHECK(measures_create(&scope, &scene.measures) == ERR_NONE);
    return scene;
}

static void end_scene(struct scene *scene)
{
    measures_destroy(scene->measures);
    crowd_map_destroy(scene->map);
}

static const struct zone_measures *measure(struct scene *scene, const struct point *places,
                                           size_t count)
{
    static struct tracker_person people[4000];
    size_t zones;
    for (size_t i = 0; i < count; i++)
        people[i] = (struct tracker_person){.id = i + 1, .x = places[i].x, .y = places[i].y};
    measures_step(scene->measures, scene->at_ms += 100, people, count);
    return measures_zones(scene->measures, &zones);
}

static double cell_m2(const struct scene *scene, size_t person)
{
    size_t count;
    return measures_cells(scene->measures, &count)[person].area_m2;
}

TEST(two_people_share_a_hall_in_the_middle_between_them)
{
    const struct ring floor = RING(HALL);
    const struct zone_box zones[] = {{"left", 0, 0, 5, 10}, {"corner", 0, 0, 1, 1}};
    const struct point people[] = {{1, 5}, {5, 5}};
    struct scene scene = build_scene(&floor, 1, zones, 2);
    const struct zone_measures *zone = measure(&scene, people, 2);
    CHECK_NEAR(cell_m2(&scene, 0), 30, 1e-9);
    CHECK_NEAR(cell_m2(&scene, 1), 70, 1e-9);
    CHECK_NEAR(zone[0].density.per_m2, (30.0 / 30 + 20.0 / 70) / 50, 1e-12);
    CHECK(zone[0].density.method == DENSITY_VORONOI);
    CHECK_NEAR(zone[0].density.classic_per_m2, 1.0 / 50, 1e-12); /* the second is on the border */
    CHECK(zone[0].density.is_classic_fair);
    CHECK_NEAR(zone[1].density.per_m2, 1.0 / 30, 1e-12);
    CHECK_NEAR(zone[1].density.area_m2, 1, 1e-12);
    CHECK(!zone[1].density.is_classic_fair);
    end_scene(&scene);
}

TEST(one_person_has_the_whole_hall_and_nobody_is_no_density)
{
    const struct ring floor = RING(HALL);
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}};
    const struct point people[] = {{3, 4}};
    struct scene scene = build_scene(&floor, 1, zones, 1);
    CHECK_NEAR(measure(&scene, people, 1)->density.per_m2, 0.01, 1e-12);
    CHECK_NEAR(cell_m2(&scene, 0), 100, 1e-9);
    CHECK_NEAR(measure(&scene, people, 0)->density.per_m2, 0, 0);
    end_scene(&scene);
}

TEST(people_on_one_spot_share_a_cell_and_count_each)
{
    const struct ring floor = RING(HALL);
    const struct zone_box zones[] = {{"left", 0, 0, 5, 10}};
    const struct point people[] = {{1, 5}, {1, 5}, {9, 5}, {1, 5}};
    struct scene scene = build_scene(&floor, 1, zones, 1);
    CHECK_NEAR(measure(&scene, people, 4)->density.per_m2, 3.0 / 50, 1e-12);
    CHECK_NEAR(cell_m2(&scene, 0), 50.0 / 3, 1e-9);
    CHECK_NEAR(cell_m2(&scene, 2), 50, 1e-9);
    end_scene(&scene);
}

TEST(a_pillar_is_nobodys_and_obstacles_may_overlap_and_reach_out)
{
    static const struct point PILLAR[] = {{4, 4}, {6, 4}, {6, 6}, {4, 6}};
    static const struct point BESIDE[] = {{5, 5}, {7, 5}, {7, 6}, {5, 6}}; /* 1 m² is its own */
    static const struct point CORNER[] = {{9, 9}, {12, 9}, {12, 12}, {9, 12}};
    const struct ring floor[] = {RING(HALL), OBSTACLE(PILLAR), OBSTACLE(BESIDE), OBSTACLE(CORNER)};
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}, {"pillar", 4, 4, 6, 6}};
    const struct point people[] = {{1, 1}, {1, 9}, {8, 5}};
    struct scene scene = build_scene(floor, 4, zones, 2);
    const struct zone_measures *zone = measure(&scene, people, 3);
    CHECK_NEAR(zone[0].density.area_m2, 94, 1e-9);
    CHECK_NEAR(cell_m2(&scene, 0) + cell_m2(&scene, 1) + cell_m2(&scene, 2), 94, 1e-9);
    CHECK_NEAR(zone[0].density.per_m2, 3.0 / 94, 1e-12);
    CHECK(zone[1].density.method == DENSITY_NONE);
    CHECK_NEAR(zone[1].density.per_m2, 0, 0);
    end_scene(&scene);
}

TEST(slanted_obstacles_may_cross_the_outline_and_each_other)
{
    static const struct point SPEAR[] = {{8, 5}, {12, 3}, {12, 7}}; /* 2 m² of it in the hall */
    static const struct point CROSS_A[] = {{2, 2}, {4, 4}, {3.9, 4.1}, {1.9, 2.1}};
    static const struct point CROSS_B[] = {{4, 2}, {4.1, 2.1}, {2.1, 4.1}, {2, 4}};
    const struct ring floor[] = {RING(HALL), OBSTACLE(SPEAR), OBSTACLE(CROSS_A), OBSTACLE(CROSS_B)};
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}};
    struct scene scene = build_scene(floor, 4, zones, 1);
    /* Two bars of 0.4 m², and the square where they cross, 0.02 m², once. */
    const struct zone_measures *zone = measure(&scene, NULL, 0);
    CHECK_NEAR(zone->density.area_m2, 100 - 2 - 0.8 + 0.02, 1e-9);
    end_scene(&scene);
}

TEST(a_floor_is_cut_into_as_few_pieces_as_its_corners_ask_for)
{
    static const struct point ONE[] = {{2, 2}, {3, 2}, {3, 4}, {2, 4}};
    static const struct point OTHER[] = {{7, 3}, {8, 3}, {8, 5}, {7, 5}};
    const struct ring floor[] = {RING(HALL), OBSTACLE(ONE), OBSTACLE(OTHER)};
    struct trapezoid *trapezoids = NULL;
    size_t count = 0;
    CHECK(trapezoids_of(floor, 3, &trapezoids, &count) == ERR_NONE);
    CHECK_INT(count, 7); /* below, above, and around the pillars 2, 2 and 1 */
    mem_free(trapezoids);
}

TEST(a_floor_of_too_many_corners_is_refused)
{
    struct point *corners = mem_new_array(LIMIT_WALKABLE_CORNERS + 1, sizeof *corners);
    for (size_t i = 0; i <= LIMIT_WALKABLE_CORNERS; i++) {
        double angle = 2 * M_PI * (double)i / (LIMIT_WALKABLE_CORNERS + 1);
        corners[i] = (struct point){50 * cos(angle), 50 * sin(angle)};
    }
    struct ring floor = {corners, LIMIT_WALKABLE_CORNERS + 1, RING_FLOOR};
    struct walkable *walkable = NULL;
    CHECK(walkable_create(&floor, 1, &walkable) == ERR_TOO_LARGE);
    floor.len--;
    CHECK(walkable_create(&floor, 1, &walkable) == ERR_NONE);
    CHECK_NEAR(walkable->area_m2, M_PI * 2500, 0.02);
    walkable_destroy(walkable);
    mem_free(corners);
}

TEST(a_cell_does_not_reach_behind_a_wall)
{
    /* A wall from the left to 1 m before the right; the second person is below it, far right. */
    static const struct point WALL[] = {{0, 5}, {9, 5}, {9, 5.2}, {0, 5.2}};
    const struct ring floor[] = {RING(HALL), OBSTACLE(WALL)};
    const struct zone_box zones[] = {{"above", 0, 6, 4, 10}};
    const struct point below[] = {{1, 4.8}, {8, 4}};
    struct scene scene = build_scene(floor, 2, zones, 1);
    /* Nobody else is there, yet the first one's half of the floor above the wall is cut off. */
    CHECK_NEAR(measure(&scene, below, 2)->density.per_m2, 0, 0);
    end_scene(&scene);
}

TEST(who_is_found_in_the_wall_stands_before_it_and_who_is_far_outside_nowhere)
{
    const struct ring floor = RING(HALL);
    const struct zone_box zones[] = {{"hall", -5, -5, 10, 10}};
    const struct point people[] = {{-0.4, 5}, {5, 5}, {-0.6, 5}, {NAN, 1}, {1e300, -1e300}};
    struct scene scene = build_scene(&floor, 1, zones, 1);
    const struct zone_measures *zone = measure(&scene, people, 5);
    CHECK_INT(measures_off_floor(scene.measures), 3);
    CHECK_NEAR(zone->density.area_m2, 100, 1e-9);
    CHECK_NEAR(zone->density.per_m2, 0.02, 1e-12);
    CHECK_NEAR(zone->density.classic_per_m2, 0.02, 1e-12);
    CHECK_INT(zone->speed.people, 2);
    CHECK_NEAR(cell_m2(&scene, 0), 25, 1e-9);
    end_scene(&scene);
}

TEST(people_in_a_row_a_grid_and_a_ring_have_the_cells_that_they_must)
{
    const struct ring floor = RING(HALL);
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}};
    struct point people[300];
    struct scene scene = build_scene(&floor, 1, zones, 1);
    for (size_t i = 0; i < 20; i++)
        people[i] = (struct point){0.25 + 0.5 * (double)i, 3};
    (void)measure(&scene, people, 20);
    for (size_t i = 0; i < 20; i++)
        CHECK_NEAR(cell_m2(&scene, i), 5, 1e-9);
    for (size_t i = 0; i < 100; i++)
        people[i] =
            (struct point){0.5 + (double)(i % 10), 0.5 + (double)i / 10 - (double)(i % 10) / 10};
    (void)measure(&scene, people, 100);
    for (size_t i = 0; i < 100; i++)
        CHECK_NEAR(cell_m2(&scene, i), 1, 1e-9);
    /* More neighbours than a shape has corners: the one in the middle has a disc of 2 m. */
    people[0] = (struct point){5, 5};
    for (size_t i = 1; i < 300; i++)
        people[i] = (struct point){5 + 4 * cos(2 * M_PI * (double)i / 299),
                                   5 + 4 * sin(2 * M_PI * (double)i / 299)};
    (void)measure(&scene, people, 300);
    CHECK_NEAR(cell_m2(&scene, 0), M_PI * 4, 0.02);
    double sum = 0;
    for (size_t i = 0; i < 300; i++)
        sum += cell_m2(&scene, i);
    CHECK_NEAR(sum, 100, 0.05);
    end_scene(&scene);
}

/* The nearest person of whom nothing but straight sight is asked: walls are tested above. */
static size_t nearest(const struct point *people, size_t count, struct point p)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double d = hypot(people[i].x - p.x, people[i].y - p.y);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

/* A crowd that is dense here and sparse there, over a zone of spikes, in a floor with an obstacle: the
 * density of the zone beside what counting points of a fine grid says. */
static double naive_density(const struct point *people, size_t count, const struct point *floor,
                            size_t corners, const struct zone *zone)
{
    static double cell[4000], common[4000];
    double zone_points = 0;
    memset(cell, 0, sizeof cell);
    memset(common, 0, sizeof common);
    for (double x = 0.01; x < 10; x += 0.02) {
        for (double y = 0.0103; y < 10; y += 0.02) {
            struct point p = {x, y};
            if (!polygon_contains(floor, corners, p))
                continue;
            size_t owner = nearest(people, count, p);
            bool is_in_zone = polygon_contains(zone->ring, zone->ring_len, p);
            cell[owner]++;
            common[owner] += is_in_zone;
            zone_points += is_in_zone;
        }
    }
    double persons = 0;
    for (size_t i = 0; i < count; i++)
        persons += cell[i] > 0 ? common[i] / cell[i] : 0;
    return persons / (zone_points * 0.0004);
}

TEST(generated_crowds_have_the_density_that_counting_points_finds)
{
    /* Convex, so that every place of it is in sight of every other. */
    static const struct point TENT[] = {{0, 1}, {3, 0}, {10, 2}, {9.5, 9}, {5, 10}, {1, 8}};
    const struct ring floor = RING(TENT);
    struct random_sequence random = {.state = 7};
    for (int round = 0; round < 4; round++) {
        const struct zone_box boxes[] = {{"star", 0, 0, 1, 1}};
        struct scene scene = {0};
        struct venue_view *view = build_view(boxes, 1, NOBODY);
        struct zone *zone = &view->zones[0];
        zone->ring_len = 9;
        zone->ring = mem_resize(zone->ring, zone->ring_len * sizeof *zone->ring);
        for (size_t i = 0; i < zone->ring_len; i++) {
            double angle = 2 * M_PI * (double)i / 9, r = 1.5 + 5 * random_uniform(&random);
            zone->ring[i] = (struct point){5 + r * cos(angle), 5 + r * sin(angle)};
        }
        scene.map = crowd_map_create(view);
        const struct measures_scope scope = {
            .map = scene.map, .floor = &floor, .floor_ring_count = 1};
        CHECK(measures_create(&scope, &scene.measures) == ERR_NONE);
        struct point people[60];
        for (size_t i = 0; i < COUNT_OF(people); i++) {
            double width = i < 40 ? 2.5 : 7;
            people[i] = (struct point){1.5 + width * random_uniform(&random),
                                       1.7 + width * random_uniform(&random)};
        }
        double naive = naive_density(people, COUNT_OF(people), TENT, COUNT_OF(TENT), zone);
        double density = measure(&scene, people, COUNT_OF(people))->density.per_m2;
        CHECK_NEAR(density, naive, 0.01 * naive);
        shared_unref(&view->shared);
        end_scene(&scene);
    }
}

TEST(nothing_of_the_floor_is_lost_or_counted_twice_whatever_stands_on_it)
{
    struct random_sequence random = {.state = 20260620};
    for (int round = 0; round < 30; round++) {
        struct point outline[12], obstacle[7];
        for (size_t i = 0; i < COUNT_OF(outline); i++) {
            double angle = 2 * M_PI * (double)i / 12, r = 20 + 30 * random_uniform(&random);
            outline[i] = (struct point){50000 + r * cos(angle), -70000 + r * sin(angle)};
        }
        for (size_t i = 0; i < COUNT_OF(obstacle); i++) {
            double angle = 2 * M_PI * (double)i / 7, r = 3 + 10 * random_uniform(&random);
            obstacle[i] = (struct point){50003 + r * cos(angle), -70002 + r * sin(angle)};
        }
        const struct ring floor[] = {RING(outline), OBSTACLE(obstacle)};
        const struct zone_box zones[] = {{"all", 49940, -70060, 50060, -69940}};
        struct scene scene = build_scene(floor, 2, zones, 1);
        struct point people[2000];
        for (size_t i = 0; i < COUNT_OF(people); i++)
            people[i] = (struct point){50000 + 50 * (random_uniform(&random) - 0.5),
                                       -70000 + 50 * (random_uniform(&random) - 0.5)};
        const struct zone_measures *zone = measure(&scene, people, COUNT_OF(people));
        size_t on_floor = COUNT_OF(people) - measures_off_floor(scene.measures);
        CHECK(on_floor > 500);
        /* Everybody is somewhere in the zone that is the whole floor. */
        CHECK_NEAR(zone->density.per_m2 * zone->density.area_m2, (double)on_floor, 1e-6);
        /* What is behind an obstacle from everybody whose it would be is nobody's. */
        double sum = 0;
        for (size_t i = 0; i < COUNT_OF(people); i++)
            sum += cell_m2(&scene, i);
        CHECK(sum <= zone->density.area_m2 * (1 + 1e-9));
        CHECK(sum >= zone->density.area_m2 * 0.97);
        end_scene(&scene);
    }
}

TEST(a_floor_without_extent_is_refused)
{
    static const struct point FLAT[] = {{0, 0}, {5, 0}, {9, 0}};
    const struct ring floor = RING(FLAT);
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}};
    struct venue_view *view = build_view(zones, 1, NOBODY);
    SCOPED(crowd_map) map = crowd_map_create(view);
    shared_unref(&view->shared);
    struct measures *measures = NULL;
    struct measures_scope scope = {.map = map, .floor = &floor, .floor_ring_count = 1};
    CHECK(measures_create(&scope, &measures) == ERR_INVALID);
    CHECK(measures == NULL);
}

/* Two rooms that share a wall line, one of them with a yard in which a pavilion stands; and a stall. */
TEST(what_is_walkable_is_all_floors_without_their_holes_and_without_obstacles)
{
    static const struct point WEST[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
    static const struct point YARD[] = {{2, 2}, {8, 2}, {8, 8}, {2, 8}};
    static const struct point PAVILION[] = {{4, 4}, {6, 4}, {6, 6}, {4, 6}};
    static const struct point EAST[] = {{10, 0}, {20, 0}, {20, 10}, {10, 10}};
    static const struct point STALL[] = {{9, 4}, {11, 4}, {11, 6}, {9, 6}};
    const struct ring floor[] = {
        RING(WEST), {YARD, COUNT_OF(YARD), RING_HOLE}, RING(PAVILION), RING(EAST), OBSTACLE(STALL)};
    SCOPED(walkable) walkable = NULL;
    uint32_t trapezoid;
    struct point place;
    CHECK(walkable_create(floor, COUNT_OF(floor), &walkable) == ERR_NONE);
    CHECK_NEAR(walkable->area_m2, 100 - 36 + 4 + 100 - 4, 1e-9);
    CHECK(walkable_locate(walkable, (struct point){5, 5}, &trapezoid, &place));
    CHECK(!walkable_locate(walkable, (struct point){3, 5}, &trapezoid, &place));
    CHECK(!walkable_locate(walkable, (struct point){10, 5}, &trapezoid, &place));
    /* One person in each room: the wall line is no wall. */
    const struct zone_box zones[] = {{"all", 0, 0, 20, 10}};
    struct scene scene = build_scene(floor, COUNT_OF(floor), zones, 1);
    const struct point alone = {1, 1};
    (void)measure(&scene, &alone, 1);
    CHECK_NEAR(cell_m2(&scene, 0), 160, 1e-6);
    end_scene(&scene);
}

/* A venue whose document has walls needs nothing else for its densities to keep to them. */
TEST(the_walls_of_a_venue_are_the_floor_of_its_densities)
{
    static struct point OUTER[] = {{0, 0}, {10, 0}, {10, 5}, {0, 5}};
    static struct point STALL[] = {{0, 0}, {5, 0}, {5, 5}, {0, 5}};
    struct floor_ring outer = {OUTER, 4}, stall = {STALL, 4};
    struct venue_wall walls[] = {{.kind = WALL_OBSTACLE, .rings = &stall, .ring_count = 1},
                                 {.kind = WALL_WALKABLE, .rings = &outer, .ring_count = 1}};
    const struct zone_box zones[] = {{"hall", 0, 0, 10, 10}};
    struct venue_view *view = build_view(zones, 1, NOBODY);
    view->walls = walls;
    view->wall_count = 2;
    struct scene scene = {.map = crowd_map_create(view)};
    CHECK(measures_create(&(struct measures_scope){.map = scene.map}, &scene.measures) == ERR_NONE);
    CHECK(measures_have_walls(scene.measures));
    const struct point places[] = {{7, 1}, {8, 4}};
    const struct zone_measures *zone = measure(&scene, places, 2);
    CHECK_NEAR(zone->density.area_m2, 25, 1e-9);
    CHECK_NEAR(zone->density.per_m2, 2 / 25.0, 1e-9);
    CHECK_NEAR(zone->density.classic_per_m2, 2 / 25.0, 1e-9);
    end_scene(&scene);
    view->wall_count = 0;
    shared_unref(&view->shared);
}
