// SPDX-License-Identifier: Apache-2.0
#include "bench/site/world.h"

#include "base/test.h"

#include <math.h>

enum { CAMERAS = 16 };

TEST(all_cameras_of_a_group_see_nine_in_ten_of_its_people_and_nobody_of_another)
{
    struct world world;
    struct random_sequence chance = {.state = 3};
    struct observation seen[WORLD_GROUP_PEOPLE];
    world_init(&world, CAMERAS);
    CHECK_INT(world.group_count, 3);
    CHECK_INT(world_last_camera(&world, 0), 6);
    CHECK_INT(world_last_camera(&world, 2), CAMERAS - 1);
    for (int camera = 0; camera < CAMERAS; camera++) {
        size_t count = 0;
        for (int step = 0; step < 100; step++)
            count += world_see(&world, camera, step * 4, &chance, seen);
        CHECK_NEAR((double)count / 100, 0.9 * WORLD_GROUP_PEOPLE, 1);
        for (int group = 0; group < world.group_count; group++) {
            struct walker walkers[WORLD_GROUP_PEOPLE];
            world_walkers(&world, group, 0, walkers);
            size_t strangers = camera_see(&world.cameras[camera], walkers, WORLD_GROUP_PEOPLE, 0,
                                          &chance, seen, WORLD_GROUP_PEOPLE);
            if (group != world_group_of(camera))
                CHECK_INT(strangers, 0);
        }
    }
    world_fini(&world);
}

TEST(people_walk_no_faster_than_people_do_and_come_round)
{
    struct world world;
    struct walker now[WORLD_GROUP_PEOPLE], next[WORLD_GROUP_PEOPLE];
    world_init(&world, WORLD_GROUP_CAMERAS);
    for (int step = 0; step < WORLD_STEPS; step++) {
        world_walkers(&world, 0, step, now);
        world_walkers(&world, 0, (step + 1) % WORLD_STEPS, next);
        for (int i = 0; i < WORLD_GROUP_PEOPLE; i++)
            CHECK(hypot(next[i].x - now[i].x, next[i].y - now[i].y) < 0.15);
    }
    world_fini(&world);
}
