// SPDX-License-Identifier: Apache-2.0
/* What following costs: 200 cameras in groups of four that look at one square from its corners, 50 people
 * in each square who walk straight on, ten frames a second. Printed as microseconds per detection. */
#include "base/clock.h"
#include "crowd/tracking/stage.h"

#include <stdio.h>

#define GROUPS  50
#define PEOPLE  50
#define STEPS   200
#define SIDE_M  20.0
#define APART_M 100.0

static struct camera cameras[4 * GROUPS];
static char names[4 * GROUPS][16];

static void place_cameras(void)
{
    for (int g = 0; g < GROUPS; g++) {
        double x = 10 + APART_M * (g % 10), y = 10 + APART_M * (double)(g / 10);
        for (int i = 0; i < 4; i++) {
            struct camera *camera = &cameras[4 * g + i];
            (void)snprintf(names[4 * g + i], sizeof names[0], "cam-%03d", 4 * g + i);
            camera->id = names[4 * g + i];
            camera->at_x = x + (i % 2 == 0 ? -4 : SIDE_M + 4);
            camera->at_y = y + (i / 2 == 0 ? -4 : SIDE_M + 4);
            camera->look_x = x + SIDE_M / 2;
            camera->look_y = y + SIDE_M / 2;
            camera->height = 20;
            camera->focal_px = 1400;
        }
    }
}

static void walk(struct walker *walkers, const struct point *velocities, double seconds)
{
    for (int i = 0; i < GROUPS * PEOPLE; i++) {
        int g = i / PEOPLE;
        double x = 10 + APART_M * (g % 10), y = 10 + APART_M * (double)(g / 10);
        walkers[i].x = x + fmod(walkers[i].x - x + velocities[i].x * seconds + SIDE_M, SIDE_M);
        walkers[i].y = y + fmod(walkers[i].y - y + velocities[i].y * seconds + SIDE_M, SIDE_M);
    }
}

int main(void)
{
    static struct walker walkers[GROUPS * PEOPLE];
    static struct point velocities[GROUPS * PEOPLE];
    static struct intake_frame frames[4 * GROUPS];
    struct random_sequence chance = {.state = 3};
    const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
    place_cameras();
    for (int i = 0; i < GROUPS * PEOPLE; i++) {
        int g = i / PEOPLE;
        walkers[i] =
            (struct walker){.id = i,
                            .x = 10 + APART_M * (g % 10) + SIDE_M * random_uniform(&chance),
                            .y = 10 + APART_M * (double)(g / 10) + SIDE_M * random_uniform(&chance),
                            .height = 1.7};
        velocities[i] = (struct point){random_normal(&chance), random_normal(&chance)};
    }
    struct venue_view *view =
        stage_view(cameras, COUNT_OF(cameras), (struct point){0, 0}, (struct point){1000, 500});
    SCOPED_MEM uint64_t *covers = mem_new_array(COUNT_OF(cameras), sizeof *covers);
    SCOPED(crowd_scene) scene = crowd_scene_create(view, covers, 1);
    size_t groups = crowd_scene_group_count(scene);
    int64_t spent_us = 0, boxes = 0, fixes = 0;
    for (int step = 0; step < STEPS; step++) {
        int64_t at_ms = 1000000 + 100 * step;
        walk(walkers, velocities, 0.1);
        for (uint32_t d = 0; d < COUNT_OF(cameras); d++) {
            frames[d] =
                stage_see(&cameras[d], d, &walkers[d / 4 * PEOPLE], PEOPLE, &noise, &chance);
            frames[d].at_ms = at_ms;
            boxes += (int64_t)frames[d].box_count;
        }
        int64_t started_us = clock_monotonic_us();
        for (uint32_t d = 0; d < COUNT_OF(cameras); d++)
            (void)crowd_scene_add(scene, frames[d], at_ms + 50);
        for (uint32_t g = 0; g < groups; g++) {
            struct crowd_scene_fixes settled;
            (void)crowd_scene_advance(scene, g, at_ms + 90, INT64_MAX);
            if (!crowd_scene_settle(scene, g, at_ms + 90, &settled))
                continue;
            fixes += (int64_t)settled.count;
            crowd_scene_fixes_fini(&settled);
        }
        spent_us += clock_monotonic_us() - started_us;
    }
    (void)printf("%zu groups, %lld detections, %lld fixes: %.2f us per detection\n", groups,
                 (long long)boxes, (long long)fixes, (double)spent_us / (double)boxes);
    shared_unref(&view->shared);
    return 0;
}
