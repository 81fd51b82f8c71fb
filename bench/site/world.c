// SPDX-License-Identifier: Apache-2.0
#include "bench/site/world.h"

#include "base/mem.h"

#include <math.h>

#define MISSED   0.1
#define MAST_M   15.0
#define RING_M   12.0 /* masts stand around the middle */
#define FOCAL_PX 1100.0

enum { COLUMNS = 6 };

void world_centre(const struct world *world, int group, double *out_x, double *out_y)
{
    (void)world;
    *out_x = WORLD_PITCH_M * (0.5 + group % COLUMNS);
    *out_y = WORLD_PITCH_M * (0.5 + group / COLUMNS);
}

void world_init(struct world *world, int cameras)
{
    *world = (struct world){.camera_count = cameras};
    world->group_count = (cameras + WORLD_GROUP_CAMERAS - 1) / WORLD_GROUP_CAMERAS;
    world->cameras = mem_new_array((size_t)cameras, sizeof *world->cameras);
    for (int i = 0; i < cameras; i++) {
        double x, y, turn = 2 * M_PI * (i % WORLD_GROUP_CAMERAS) / WORLD_GROUP_CAMERAS;
        world_centre(world, world_group_of(i), &x, &y);
        world->cameras[i] = (struct camera){.at_x = x + RING_M * cos(turn),
                                            .at_y = y + RING_M * sin(turn),
                                            .height = MAST_M,
                                            .look_x = x,
                                            .look_y = y,
                                            .focal_px = FOCAL_PX};
    }
}

void world_fini(struct world *world)
{
    mem_free(world->cameras);
    *world = (struct world){.camera_count = 0};
}

int world_last_camera(const struct world *world, int group)
{
    return MIN((group + 1) * WORLD_GROUP_CAMERAS, world->camera_count) - 1;
}

/* Circles of 2 to 6 m around places of their own, once in all steps: 0.3 to 0.9 m/s. */
void world_walkers(const struct world *world, int group, int step,
                   struct walker out[WORLD_GROUP_PEOPLE])
{
    double x, y;
    struct random_sequence chance = {.state = (uint64_t)group + 1};
    world_centre(world, group, &x, &y);
    for (int i = 0; i < WORLD_GROUP_PEOPLE; i++) {
        double radius = 2 + 4 * random_uniform(&chance);
        double from_x = x - 4 + 8 * random_uniform(&chance);
        double from_y = y - 4 + 8 * random_uniform(&chance);
        double phase = 2 * M_PI * random_uniform(&chance);
        double way = random_below(&chance, 2) == 0 ? 1 : -1;
        double turn = phase + way * 2 * M_PI * step / WORLD_STEPS;
        out[i] = (struct walker){.id = (int64_t)group * WORLD_GROUP_PEOPLE + i,
                                 .x = from_x + radius * cos(turn),
                                 .y = from_y + radius * sin(turn),
                                 .height = 1.55 + 0.35 * random_uniform(&chance)};
    }
}

size_t world_see(const struct world *world, int camera, int step, struct random_sequence *chance,
                 struct observation out[WORLD_GROUP_PEOPLE])
{
    struct walker walkers[WORLD_GROUP_PEOPLE];
    world_walkers(world, world_group_of(camera), step, walkers);
    size_t count = camera_see(&world->cameras[camera], walkers, WORLD_GROUP_PEOPLE, MISSED, chance,
                              out, WORLD_GROUP_PEOPLE);
    for (size_t i = 0; i < count; i++)
        out[i].track = -1;
    return count;
}
