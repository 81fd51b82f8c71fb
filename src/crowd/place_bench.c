// SPDX-License-Identifier: Apache-2.0
/* What one detection costs the crowd, from the unpacked batch to the counts of its second: printed as
 * nanoseconds. 200 cameras, 50 people a frame, 20 zones, ten frames a second. */
#include "base/clock.h"
#include "base/random.h"
#include "crowd/builders.h"

#include <math.h>
#include <stdio.h>

#define CAMERAS 200
#define PEOPLE  50
#define FRAMES  10
#define ROUNDS  20

static struct venue_view *bench_view(void)
{
    static char names[CAMERAS][16], zone_names[20][16];
    const char *cameras[CAMERAS + 1] = {NULL};
    struct zone_box boxes[20];
    for (int i = 0; i < CAMERAS; i++) {
        (void)snprintf(names[i], sizeof names[i], "cam-%03d", i);
        cameras[i] = names[i];
    }
    for (int i = 0; i < 20; i++) {
        (void)snprintf(zone_names[i], sizeof zone_names[i], "zone-%02d", i);
        boxes[i] = (struct zone_box){zone_names[i], 20.0 * (i % 5), 20.0 * (i / 5),
                                     20.0 * (i % 5) + 18, 20.0 * (i / 5) + 18};
    }
    return build_view(boxes, COUNT_OF(boxes), cameras);
}

/* Each camera looks at some 30 m of the floor. */
static struct detection_batch *bench_batch(const char *camera, bool is_in_metres,
                                           struct random_sequence *random)
{
    struct point people[PEOPLE];
    int64_t times[FRAMES + 1] = {0};
    double x = 70 * random_uniform(random), y = 50 * random_uniform(random);
    for (int f = 0; f < FRAMES; f++)
        times[f] = 1000000 + 100 * f;
    for (int i = 0; i < PEOPLE; i++)
        people[i] =
            (struct point){x + 30 * random_uniform(random), y + 30 * random_uniform(random)};
    struct detection_batch *batch = build_batch(camera, times, people, PEOPLE);
    batch->is_in_metres = is_in_metres;
    if (!is_in_metres) { /* pixels of a camera that shows 30 m as 1,920 x 1,080 */
        batch->scale_xy = 1;
        for (size_t i = 0; i < batch->person_count; i++) {
            batch->x[i] = (int32_t)((batch->x[i] / 1000.0 - x) * 60);
            batch->y[i] = (int32_t)((batch->y[i] / 1000.0 - y) * 30 + 100);
            batch->w[i] = 40;
            batch->h[i] = 80;
        }
    }
    return batch;
}

/* Pixel to floor, looking down from the middle of the hall; OpenCV's with the distortion of WILDTRACK's
 * first camera. */
static struct calibration bench_calibration(enum calibration_kind kind)
{
    return (struct calibration){
        .kind = kind,
        .pixel_to_floor = {0.05, 0.001, 3, 0.001, -0.05, 60, 0.00001, 0.0001, 1},
        .camera_matrix = {1743, 0, 934, 0, 1735, 444, 0, 0, 1},
        .distortion = {-0.432486, 0.610623, 0.008234, 0.00186, -0.692371}};
}

static double run(const char *name, enum calibration_kind kind)
{
    struct random_sequence random = {.state = 1};
    struct venue_view *view = bench_view();
    struct detection_batch *batches[CAMERAS];
    for (int c = 0; c < CAMERAS; c++) {
        view->devices[c].calibration = bench_calibration(kind);
        batches[c] = bench_batch(view->devices[c].id, kind == CALIBRATION_METRES, &random);
    }
    SCOPED(venue_state) state = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    int64_t started_us = clock_monotonic_us();
    for (int round = 0; round < ROUNDS; round++) {
        int64_t now_ms = 1000000 + 1000LL * round + 950;
        for (int c = 0; c < CAMERAS; c++) {
            for (int f = 0; f < FRAMES; f++)
                batches[c]->frame_at_ms[f] = now_ms - 900 + 100 * f;
            const struct batch_arrival arrival = {now_ms, now_ms, round};
            (void)venue_state_take(state, batches[c], arrival);
        }
        struct crowd_picture *picture = venue_state_picture(state, now_ms, NULL);
        shared_unref(&picture->shared);
        seconds_settle(&state->seconds);
    }
    double ns = (double)(clock_monotonic_us() - started_us) * 1000 /
                ((double)ROUNDS * CAMERAS * FRAMES * PEOPLE);
    (void)printf("%-12s %6.1f ns per detection\n", name, ns);
    for (int c = 0; c < CAMERAS; c++)
        shared_unref(&batches[c]->shared);
    return ns;
}

int main(void)
{
    (void)run("metres", CALIBRATION_METRES);
    (void)run("homography", CALIBRATION_HOMOGRAPHY);
    (void)run("opencv", CALIBRATION_OPENCV);
    return 0;
}
