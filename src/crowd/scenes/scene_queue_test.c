// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/scene_queue.h"

#include "base/test.h"
#include "crowd/tracking/stage.h"

#define T 1000000
enum { CAMERAS = 8, STEPS = 60 };

/* Eight cameras in a row, each over people of its own: as many groups. */
static struct venue_view *row_view(struct camera cameras[CAMERAS])
{
    static const char *const NAMES[CAMERAS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < CAMERAS; i++)
        cameras[i] = (struct camera){.id = NAMES[i],
                                     .at_x = 25 + 60.0 * (double)i,
                                     .at_y = 30,
                                     .height = 20,
                                     .look_x = 30 + 60.0 * (double)i,
                                     .look_y = 30,
                                     .focal_px = 2000};
    return stage_view(cameras, CAMERAS, (struct point){0, 0}, (struct point){500, 60});
}

struct told_settled {
    struct tracker_fix *fixes;
    size_t count;
};

static void take_all(struct scene_queue *queue, struct told_settled *settled)
{
    struct crowd_scene_fixes fixes;
    while (scene_queue_take_settled(queue, &fixes)) {
        size_t count = settled->count + fixes.count;
        settled->fixes = mem_resize(settled->fixes, (count + 1) * sizeof *settled->fixes);
        memcpy(&settled->fixes[settled->count], fixes.fixes, fixes.count * sizeof *fixes.fixes);
        settled->count = count;
        crowd_scene_fixes_fini(&fixes);
    }
}

/* Sorted, since batches decide in which order groups tell. */
static int by_time_and_id(const void *a, const void *b)
{
    const struct tracker_fix *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->person.id < y->person.id ? -1 : x->person.id > y->person.id;
}

static struct told_settled end_walk(struct scene_queue *queue, struct venue_view *view,
                                    struct told_settled settled)
{
    scene_queue_fini(queue);
    shared_unref(&view->shared);
    if (settled.count > 1)
        qsort(settled.fixes, settled.count, sizeof *settled.fixes, by_time_and_id);
    return settled;
}

/* Slice by slice; no group is ever ahead of another by more than one. */
static void run_all(struct scene_queue *queue, struct pool *pool, int64_t stream_ms)
{
    bool is_more;
    do {
        int64_t low_ms = INT64_MAX, high_ms = INT64_MIN;
        is_more = scene_queue_run(queue, pool, stream_ms);
        for (uint32_t g = 0; g < queue->group_count; g++) {
            int64_t at_ms = crowd_scene_group_at_ms(queue->scene, g);
            low_ms = MIN(low_ms, at_ms);
            high_ms = MAX(high_ms, at_ms);
        }
        if (low_ms > 0)
            CHECK(high_ms - low_ms <= SCENE_SLICE_MS);
    } while (is_more);
}

/* Two people before each camera, who walk; the cameras' frames arrive one after the other. */
static void add_step(struct scene_queue *queue, const struct camera cameras[CAMERAS], int step,
                     struct random_sequence *chance, int64_t arrival_ms)
{
    const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
    for (uint32_t d = 0; d < CAMERAS; d++) {
        const struct walker walkers[] = {
            {.id = 1, .x = cameras[d].look_x - 3 + 0.08 * step, .y = 29, .height = 1.7},
            {.id = 2, .x = cameras[d].look_x + 3 - 0.08 * step, .y = 31, .height = 1.7},
        };
        struct intake_frame frame = stage_see(&cameras[d], d, walkers, 2, &noise, chance);
        frame.at_ms = T + 100 * step;
        scene_queue_add(queue, frame, arrival_ms + d);
    }
}

/* They walk for six seconds; the groups go on after every `batch` steps. */
static struct told_settled walk(size_t threads, int batch)
{
    static struct camera cameras[CAMERAS];
    struct told_settled settled = {0};
    struct scene_queue queue;
    struct venue_view *view = row_view(cameras);
    struct random_sequence chance = {.state = 5};
    const uint64_t covers[CAMERAS] = {0};
    SCOPED(pool) pool = pool_create("queue-test", threads);
    SCOPED(crowd_scene) scene = crowd_scene_create(view, covers, 1);
    CHECK_INT(crowd_scene_group_count(scene), CAMERAS);
    scene_queue_init(&queue, scene);
    for (int step = 0; step < STEPS; step++) {
        add_step(&queue, cameras, step, &chance, T + 100 * step + 10);
        if (step % batch == batch - 1)
            run_all(&queue, pool, T + 100 * step + 90);
        take_all(&queue, &settled);
    }
    return end_walk(&queue, view, settled);
}

static void check_same(const struct told_settled *a, const struct told_settled *b)
{
    CHECK_INT(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        CHECK_INT(a->fixes[i].at_ms, b->fixes[i].at_ms);
        CHECK_INT(a->fixes[i].person.id, b->fixes[i].person.id);
        CHECK(a->fixes[i].person.x == b->fixes[i].person.x);
        CHECK(a->fixes[i].person.y == b->fixes[i].person.y);
    }
}

TEST(threads_and_batches_change_nothing_in_where_people_were)
{
    struct told_settled alone = walk(0, 1), threads = walk(3, 1), batches = walk(3, 20);
    CHECK(alone.count > 300);
    check_same(&alone, &threads);
    check_same(&alone, &batches);
    mem_free(alone.fixes);
    mem_free(threads.fixes);
    mem_free(batches.fixes);
}

/* A recording of six seconds that arrives at once; then ticks, or none for longer than a camera may be silent. */
static struct told_settled walk_recorded(bool has_ticks)
{
    enum { ARRIVAL = T + 7000, SILENT_MS = 12000 };
    static struct camera cameras[CAMERAS];
    struct told_settled settled = {0};
    struct scene_queue queue;
    struct venue_view *view = row_view(cameras);
    struct random_sequence chance = {.state = 5};
    const uint64_t covers[CAMERAS] = {0};
    SCOPED(crowd_scene) scene = crowd_scene_create(view, covers, 1);
    scene_queue_init(&queue, scene);
    for (int step = 0; step < STEPS; step++)
        add_step(&queue, cameras, step, &chance, ARRIVAL);
    for (int64_t ms = 20; has_ticks && ms < SILENT_MS; ms += 20) {
        run_all(&queue, NULL, ARRIVAL + ms);
        take_all(&queue, &settled);
    }
    run_all(&queue, NULL, ARRIVAL + SILENT_MS);
    take_all(&queue, &settled);
    return end_walk(&queue, view, settled);
}

TEST(what_waits_is_not_settled_as_if_its_cameras_were_silent)
{
    struct told_settled ticks = walk_recorded(true), none = walk_recorded(false);
    CHECK(ticks.count > 300);
    check_same(&ticks, &none);
    mem_free(ticks.fixes);
    mem_free(none.fixes);
}

struct coming {
    int64_t arrival_ms;
    struct intake_frame frame;
};

static int by_arrival(const void *a, const void *b)
{
    const struct coming *x = a, *y = b;
    if (x->arrival_ms != y->arrival_ms)
        return x->arrival_ms < y->arrival_ms ? -1 : 1;
    return x->frame.device < y->frame.device ? -1 : x->frame.device > y->frame.device;
}

/* Two cameras of one group and one of another; a tenth of the frames are up to 0.3 s late. */
enum { LATE_CAMERAS = 3, LATE_STEPS = 200, LATE_FRAMES = LATE_CAMERAS * LATE_STEPS };
static void come_late(const struct camera cameras[LATE_CAMERAS], struct coming out[LATE_FRAMES])
{
    struct random_sequence chance = {.state = 5};
    const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
    for (int i = 0; i < LATE_FRAMES; i++) {
        uint32_t d = (uint32_t)(i % LATE_CAMERAS);
        int step = i / LATE_CAMERAS;
        const struct walker walker = {
            .id = 1, .x = cameras[d].look_x - 3 + 0.03 * step, .y = 29, .height = 1.7};
        int64_t at_ms =
            T + 100 * step + (d == 1 ? 20 : 0) + (int64_t)(12 * random_uniform(&chance));
        bool is_late = random_uniform(&chance) < 0.1;
        int64_t late_ms = is_late ? (int64_t)(300 * random_uniform(&chance)) : 0;
        out[i].frame = stage_see(&cameras[d], d, &walker, 1, &noise, &chance);
        out[i].frame.at_ms = at_ms;
        out[i].arrival_ms = at_ms + 10 + late_ms;
    }
    qsort(out, LATE_FRAMES, sizeof *out, by_arrival);
}

static struct told_settled walk_late(int64_t every_ms, uint64_t *out_late)
{
    static const struct camera CAMERA[LATE_CAMERAS] = {{"a", "", 25, 30, 20, 30, 30, 2000},
                                                       {"b", "", 35, 30, 20, 30, 30, 2000},
                                                       {"c", "", 85, 30, 20, 90, 30, 2000}};
    struct told_settled settled = {0};
    struct scene_queue queue;
    struct venue_view *view =
        stage_view(CAMERA, LATE_CAMERAS, (struct point){0, 0}, (struct point){500, 60});
    const uint64_t covers[LATE_CAMERAS] = {0};
    SCOPED(crowd_scene) scene = crowd_scene_create(view, covers, 1);
    SCOPED_MEM struct coming *coming = mem_new_array(LATE_FRAMES, sizeof *coming);
    CHECK_INT(crowd_scene_group_count(scene), 2);
    scene_queue_init(&queue, scene);
    come_late(CAMERA, coming);
    size_t next = 0;
    for (int64_t ms = T + every_ms; ms < T + 30000; ms += every_ms) {
        for (; next < LATE_FRAMES && coming[next].arrival_ms <= ms; next++)
            scene_queue_add(&queue, coming[next].frame, coming[next].arrival_ms);
        while (scene_queue_run(&queue, NULL, ms))
            take_all(&queue, &settled);
        take_all(&queue, &settled);
    }
    *out_late = queue.late;
    return end_walk(&queue, view, settled);
}

TEST(who_comes_too_late_comes_too_late_however_records_come_in_batches)
{
    static const int64_t EVERY_MS[] = {20, 100, 500, 2000};
    uint64_t late, late_again;
    struct told_settled live = walk_late(1, &late);
    CHECK(late > 10);
    for (size_t i = 0; i < COUNT_OF(EVERY_MS); i++) {
        struct told_settled again = walk_late(EVERY_MS[i], &late_again);
        CHECK_INT(late_again, late);
        check_same(&live, &again);
        mem_free(again.fixes);
    }
    mem_free(live.fixes);
}

/* One frame more. */
static void put(struct scene_queue *queue, uint32_t device, int64_t at_ms, int64_t arrival_ms)
{
    scene_queue_add(queue,
                    (struct intake_frame){.device = device,
                                          .at_ms = at_ms,
                                          .boxes = mem_new_array(1, sizeof(struct box)),
                                          .source_tracks = mem_new_array(1, 8)},
                    arrival_ms);
}

static struct scene_queue empty_queue(struct camera cameras[CAMERAS], struct venue_view **out_view)
{
    struct scene_queue queue;
    const uint64_t covers[CAMERAS] = {0};
    *out_view = row_view(cameras);
    scene_queue_init(&queue, crowd_scene_create(*out_view, covers, 1));
    return queue;
}

static void drop_queue(struct scene_queue *queue, struct venue_view *view)
{
    struct crowd_scene *scene = queue->scene;
    scene_queue_fini(queue);
    crowd_scene_destroy(scene);
    shared_unref(&view->shared);
}

TEST(a_queue_is_full_when_what_waits_took_too_long_to_come)
{
    struct camera cameras[CAMERAS];
    struct venue_view *view;
    struct scene_queue queue = empty_queue(cameras, &view);
    CHECK(!scene_queue_is_full(&queue));
    put(&queue, 0, T, T);
    put(&queue, 1, T, T + SCENE_QUEUE_SPAN_MS); /* its clock stands still, say */
    CHECK(!scene_queue_is_full(&queue));
    put(&queue, 0, T, T + SCENE_QUEUE_SPAN_MS + 1);
    CHECK(scene_queue_is_full(&queue));
    run_all(&queue, NULL, SCENE_QUEUE_FRAMES);
    CHECK(!scene_queue_is_full(&queue));
    drop_queue(&queue, view);
}

TEST(a_queue_is_full_when_a_recording_sends_a_long_time_at_once)
{
    struct camera cameras[CAMERAS];
    struct venue_view *view;
    struct scene_queue queue = empty_queue(cameras, &view);
    put(&queue, 2, T, T);
    put(&queue, 2, T + SCENE_QUEUE_SPAN_MS, T);
    CHECK(!scene_queue_is_full(&queue));
    put(&queue, 2, T + SCENE_QUEUE_SPAN_MS + 1, T);
    CHECK(scene_queue_is_full(&queue));
    run_all(&queue, NULL, SCENE_QUEUE_FRAMES);
    put(&queue, 2, T + 2 * SCENE_QUEUE_SPAN_MS, T);
    CHECK(!scene_queue_is_full(&queue));
    drop_queue(&queue, view);
}

TEST(a_queue_is_not_fuller_for_a_clock_that_is_wrong)
{
    struct camera cameras[CAMERAS];
    struct venue_view *view;
    struct scene_queue queue = empty_queue(cameras, &view);
    for (int i = 0; i < 100; i++) {
        put(&queue, 0, T + 100 * i, T + 100 * i);
        put(&queue, 1, T + 100 * i - 3600000, T + 100 * i);
    }
    CHECK(!scene_queue_is_full(&queue));
    drop_queue(&queue, view);
}
