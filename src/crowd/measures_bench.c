// SPDX-License-Identifier: Apache-2.0
/* What measuring a crowd costs: one moment with everything that measures_step tells, printed as
 * milliseconds, and as the share of one core that ten moments a second take. People walk about in a hall
 * of 100 m by 60 m with ten pillars; zones tile it; ten gates. Half of them crowd into a tenth of it. */
#include "base/clock.h"
#include "base/random.h"
#include "crowd/builders.h"
#include "crowd/measures/measures.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define PILLARS      10
#define MOMENTS      40
#define PEOPLE_MAX   20000
#define ZONES_MAX    1000
#define ZONE_COLUMNS 20

static struct point rectangles[PILLARS + 1][4];

static struct ring rectangle(size_t index, double x0, double y0, double x1, double y1)
{
    struct point *corners = rectangles[index];
    corners[0] = (struct point){x0, y0};
    corners[1] = (struct point){x1, y0};
    corners[2] = (struct point){x1, y1};
    corners[3] = (struct point){x0, y1};
    return (struct ring){corners, 4, index == 0 ? RING_FLOOR : RING_OBSTACLE};
}

static struct venue_view *bench_view(size_t zone_count)
{
    static char names[ZONES_MAX][16];
    static struct zone_box boxes[ZONES_MAX];
    static const char *const nobody[] = {NULL};
    double height = 60.0 * ZONE_COLUMNS / (double)zone_count;
    for (size_t i = 0; i < zone_count; i++) {
        double x = 5.0 * (double)(i % ZONE_COLUMNS), y = height * (double)(i / ZONE_COLUMNS);
        (void)snprintf(names[i], sizeof names[i], "zone-%04zu", i);
        boxes[i] = (struct zone_box){names[i], x, y, x + 5, y + height};
    }
    return build_view(boxes, zone_count, nobody);
}

static struct measures *bench_measures(const struct crowd_map *map)
{
    struct ring floor[PILLARS + 1] = {rectangle(0, 0, 0, 100, 60)};
    for (size_t i = 0; i < PILLARS; i++)
        floor[i + 1] = rectangle(i + 1, 5 + 9.0 * (double)i, 28, 8 + 9.0 * (double)i, 32);
    const struct measures_scope scope = {
        .map = map, .floor = floor, .floor_ring_count = COUNT_OF(floor)};
    struct measures *measures = NULL;
    assert(measures_create(&scope, &measures) == ERR_NONE);
    return measures;
}

static void move_people(struct tracker_person *people, size_t count, struct random_sequence *random)
{
    for (size_t i = 0; i < count; i++) {
        people[i].vx += 0.1 * random_normal(random) - 0.05 * people[i].vx;
        people[i].vy += 0.1 * random_normal(random) - 0.05 * people[i].vy;
        people[i].x = MIN(MAX(people[i].x + 0.1 * people[i].vx, 0), 100);
        people[i].y = MIN(MAX(people[i].y + 0.1 * people[i].vy, 0), 60);
    }
}

static double cpu_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void run(size_t people_count, size_t zone_count)
{
    static struct tracker_person people[PEOPLE_MAX];
    struct random_sequence random = {.state = 1};
    struct venue_view *view = bench_view(zone_count);
    SCOPED(crowd_map) map = crowd_map_create(view);
    shared_unref(&view->shared);
    SCOPED(measures) measures = bench_measures(map);
    for (size_t i = 0; i < people_count; i++) {
        double side = i % 2 == 0 ? 1 : 0.316;
        people[i] = (struct tracker_person){.id = i + 1,
                                            .x = 100 * side * random_uniform(&random),
                                            .y = 60 * side * random_uniform(&random)};
    }
    double spent_ms = 0;
    for (int moment = 0; moment < MOMENTS; moment++) {
        move_people(people, people_count, &random);
        double began_ms = cpu_ms();
        measures_step(measures, 1000000 + 100 * moment, people, people_count);
        spent_ms += cpu_ms() - began_ms;
    }
    (void)printf("%6zu people %5zu zones %8.2f ms a moment, %5.1f %% of a core at 10 Hz\n",
                 people_count, zone_count, spent_ms / MOMENTS, spent_ms / MOMENTS);
}

int main(void)
{
    run(2000, 200);
    run(10000, 200);
    run(20000, 1000);
    return 0;
}
