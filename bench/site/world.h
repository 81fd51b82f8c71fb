// SPDX-License-Identifier: Apache-2.0
/* bench/site/world.h — people on a floor and the cameras around them: groups of seven that see the same people,
 * far enough apart that no group sees another's. People walk round and round, so that the world may be
 * shown for any length of time and the truth is known at each step. */
#pragma once
#include "base/random.h"
#include "feeds/camera.h"

enum {
    WORLD_GROUP_CAMERAS = 7,
    WORLD_GROUP_PEOPLE = 56, /* of whom a camera sees nine in ten */
    WORLD_STEPS = 400,       /* of 100 ms, then from the beginning */
    WORLD_PITCH_M = 100,     /* between groups */
    WORLD_ZONE_M = 30,       /* side of the square zone in the middle of a group */
};

struct world {
    int camera_count, group_count;
    struct camera *cameras; /* owned; by group */
};

void world_init(struct world *world, int cameras);
void world_fini(struct world *world);
static inline int world_group_of(int camera)
{
    return camera / WORLD_GROUP_CAMERAS;
}
/* The camera of the group that is asked last in each round. */
int world_last_camera(const struct world *world, int group);
/* The middle of a group's floor. */
void world_centre(const struct world *world, int group, double *out_x, double *out_y);
/* Where everybody of a group is at a step. */
void world_walkers(const struct world *world, int group, int step,
                   struct walker out[WORLD_GROUP_PEOPLE]);
/* What a camera sees of them: boxes of whole pixels without numbers, one in ten missed. */
size_t world_see(const struct world *world, int camera, int step, struct random_sequence *chance,
                 struct observation out[WORLD_GROUP_PEOPLE]);
