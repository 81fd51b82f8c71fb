// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/scene.h"

#include "base/test.h"
#include "crowd/tracking/stage.h"

#define T       1000000
#define CAMERAS 60

static char names[CAMERAS][8];

/* Camera 0 and 1 look at one place, the others each at a place of their own. */
static struct venue_view *many_view(struct camera *cameras, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double x = 30 + (i < 2 ? 0 : 60.0 * (double)((i - 1) % 10));
        double y = 30 + (i < 2 ? 0 : 60.0 * (double)((i - 1) / 10));
        (void)snprintf(names[i], sizeof names[i], "c%02zu", i);
        cameras[i] = (struct camera){.id = names[i],
                                     .at_x = x + (i == 1 ? 5 : -5),
                                     .at_y = y,
                                     .height = 20,
                                     .look_x = x,
                                     .look_y = y,
                                     .focal_px = 2000};
    }
    return stage_view(cameras, count, (struct point){0, 0}, (struct point){640, 400});
}

struct told {
    struct tracker_fix *fixes;
    size_t count;
    size_t steps; /* reliable ones */
    int64_t first_ms;
};

static void take_settled(struct crowd_scene *scene, uint32_t group, int64_t stream_ms,
                         struct told *told)
{
    struct crowd_scene_fixes settled;
    if (!crowd_scene_settle(scene, group, stream_ms, &settled))
        return;
    if (told != NULL && settled.count > 0) {
        told->fixes = mem_resize(told->fixes, (told->count + settled.count) * sizeof *told->fixes);
        memcpy(&told->fixes[told->count], settled.fixes, settled.count * sizeof *settled.fixes);
        told->count += settled.count;
    }
    if (told != NULL && told->steps == 0 && settled.step_count > 0)
        told->first_ms = settled.step_times[0];
    if (told != NULL)
        told->steps += settled.step_count;
    crowd_scene_fixes_fini(&settled);
}

static void advance_all(struct crowd_scene *scene, int64_t stream_ms, struct told *of_first)
{
    for (uint32_t g = 0; g < crowd_scene_group_count(scene); g++) {
        bool is_ahead;
        do {
            is_ahead = crowd_scene_advance(scene, g, stream_ms, INT64_MAX);
            take_settled(scene, g, stream_ms,
                         g == crowd_scene_group_of(scene, 0) ? of_first : NULL);
        } while (is_ahead);
    }
}

/* Two people near the first place and one at each other; ten frames a second for eight seconds. What the
 * first group told. */
static struct told run_first_group(size_t camera_count)
{
    static struct camera cameras[CAMERAS];
    struct told told = {0};
    struct venue_view *view = many_view(cameras, camera_count);
    struct random_sequence chances[CAMERAS];
    const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
    const uint64_t covers[CAMERAS] = {0};
    SCOPED(crowd_scene) scene = crowd_scene_create(view, covers, 1);
    CHECK_INT(crowd_scene_group_count(scene), camera_count - 1);
    for (size_t i = 0; i < camera_count; i++)
        chances[i].state = i;
    for (int step = 0; step < 80; step++) {
        int64_t at_ms = T + 100 * step;
        for (uint32_t d = 0; d < camera_count; d++) {
            const struct walker walkers[] = {
                {.id = 1, .x = 27 + 0.08 * step, .y = 29, .height = 1.7},
                {.id = 2, .x = 33 - 0.08 * step, .y = 31, .height = 1.7},
                {.id = 3, .x = cameras[d].look_x, .y = cameras[d].look_y, .height = 1.8},
            };
            struct intake_frame frame =
                stage_see(&cameras[d], d, walkers, d < 2 ? 2 : 3, &noise, &chances[d]);
            frame.at_ms = at_ms;
            if (crowd_scene_must_advance(scene, d, at_ms + 10 + d))
                advance_all(scene, at_ms + 10 + d, &told);
            (void)crowd_scene_add(scene, frame, at_ms + 10 + d);
        }
        advance_all(scene, at_ms + 90, &told);
    }
    shared_unref(&view->shared);
    return told;
}

TEST(fifty_cameras_more_elsewhere_change_nothing_in_the_paths_of_the_first)
{
    struct told alone = run_first_group(2), among = run_first_group(52);
    CHECK(alone.count > 90);
    CHECK_INT(alone.count, among.count);
    CHECK_INT(alone.steps, among.steps);
    for (size_t i = 0; i < alone.count; i++) {
        CHECK_INT(alone.fixes[i].at_ms, among.fixes[i].at_ms);
        CHECK(alone.fixes[i].person.x == among.fixes[i].person.x);
        CHECK(alone.fixes[i].person.y == among.fixes[i].person.y);
    }
    mem_free(alone.fixes);
    mem_free(among.fixes);
}

static struct crowd_scene *sensor_scene(void)
{
    static const struct zone_box floor = {"floor", 0, 0, 30, 30};
    struct venue_view *view = build_view(&floor, 1, (const char *const[]){"a", "b", NULL});
    const uint64_t covers[] = {1, 1};
    struct crowd_scene *scene = crowd_scene_create(view, covers, 1);
    shared_unref(&view->shared);
    return scene;
}

static enum intake_answer add_places(struct crowd_scene *scene, uint32_t device, int64_t at_ms,
                                     int64_t arrival_ms, size_t count)
{
    struct intake_frame frame = {
        .device = device, .at_ms = at_ms, .is_in_metres = true, .box_count = count};
    frame.boxes = mem_new_array(count + 1, sizeof *frame.boxes);
    frame.source_tracks = mem_new_array(count + 1, sizeof *frame.source_tracks);
    for (size_t i = 0; i < count; i++) {
        frame.boxes[i] = (struct box){.foot_x = 5 + 3 * (double)i, .foot_y = 10};
        frame.source_tracks[i] = -1;
    }
    return crowd_scene_add(scene, frame, arrival_ms);
}

TEST(a_group_is_relied_on_after_it_has_looked_for_two_seconds_and_then_from_its_first_look)
{
    SCOPED(crowd_scene) scene = sensor_scene();
    struct told told = {0};
    size_t count = 0;
    for (int64_t at_ms = T; at_ms < T + 8000; at_ms += 100) {
        (void)add_places(scene, 0, at_ms, at_ms, 4);
        advance_all(scene, at_ms + 1, &told);
        bool is_told = crowd_scene_people(scene, 0, at_ms, &count) != NULL;
        CHECK_INT(is_told, at_ms >= T + SCENE_WARM_MS);
        CHECK(!is_told || count == 4);
    }
    CHECK_INT(told.first_ms, T);
    mem_free(told.fixes);
}

TEST(a_group_that_looks_once_in_five_seconds_does_not_tell_people)
{
    SCOPED(crowd_scene) scene = sensor_scene();
    struct told told = {0};
    size_t count = 0;
    for (int64_t at_ms = T; at_ms < T + 60000; at_ms += 5000) {
        (void)add_places(scene, 0, at_ms, at_ms, 4);
        advance_all(scene, at_ms + 1000, &told);
        CHECK(crowd_scene_people(scene, 0, at_ms + 1000, &count) == NULL);
    }
    CHECK_INT(told.steps, 0);
    mem_free(told.fixes);
}

TEST(who_only_comes_too_late_is_as_if_silent)
{
    SCOPED(crowd_scene) scene = sensor_scene();
    size_t count = 0;
    int64_t at_ms = T;
    for (; at_ms < T + 4000; at_ms += 100) {
        (void)add_places(scene, 0, at_ms + 9000, at_ms, 4); /* its clock is nine seconds ahead */
        advance_all(scene, at_ms + 1, NULL);
    }
    CHECK(crowd_scene_people(scene, 0, at_ms, &count) != NULL);
    for (; at_ms < T + 9500; at_ms += 100) {
        CHECK_INT(add_places(scene, 0, at_ms, at_ms, 1), INTAKE_LATE); /* and is put right */
        advance_all(scene, at_ms + 1, NULL);
    }
    CHECK(crowd_scene_people(scene, 0, at_ms, &count) == NULL); /* not the four of then */
}

/* One second of the second sensor comes four seconds late. */
static struct told run_late(bool is_read_at_once, size_t *out_late)
{
    SCOPED(crowd_scene) scene = sensor_scene();
    struct told told = {0};
    *out_late = 0;
    for (int64_t now_ms = T; now_ms < T + 12000; now_ms += 100) {
        for (uint32_t d = 0; d < 2; d++) {
            bool is_withheld = d == 1 && now_ms >= T + 5000 && now_ms < T + 6000;
            bool is_late = d == 1 && now_ms >= T + 9000 && now_ms < T + 10000;
            for (int64_t at_ms = now_ms - (is_late ? 4000 : 0); at_ms <= now_ms; at_ms += 4000) {
                if (is_withheld)
                    break;
                if (crowd_scene_must_advance(scene, d, now_ms + 10 * d))
                    advance_all(scene, now_ms + 10 * d, &told);
                *out_late += add_places(scene, d, at_ms, now_ms + 10 * d, 3) == INTAKE_LATE ? 1 : 0;
                if (!is_read_at_once)
                    advance_all(scene, now_ms + 10 * d + 1, &told);
            }
        }
    }
    advance_all(scene, T + 30000, &told);
    return told;
}

TEST(what_comes_too_late_is_too_late_when_it_is_read_again_too)
{
    size_t late, late_again;
    struct told live = run_late(false, &late), again = run_late(true, &late_again);
    CHECK_INT(late, 10); /* the first one, of whom nobody had heard, is in the next step */
    CHECK_INT(late_again, 10);
    CHECK_INT(live.count, again.count);
    CHECK(memcmp(live.fixes, again.fixes, live.count * sizeof *live.fixes) == 0);
    mem_free(live.fixes);
    mem_free(again.fixes);
}

/* A recording of `seconds`, of which twenty arrive at a time. */
static struct told send_fast(int seconds, int at_once)
{
    SCOPED(crowd_scene) scene = sensor_scene();
    struct told told = {0};
    int sent = 0;
    for (int64_t at_ms = T; at_ms < T + 1000 * seconds; at_ms += 100) {
        for (uint32_t d = 0; d < 2; d++) {
            int64_t arrival_ms = T + 1000000 + (at_ms - T) / 20000 * 10;
            if (crowd_scene_must_advance(scene, d, arrival_ms))
                advance_all(scene, arrival_ms, &told);
            (void)add_places(scene, d, at_ms, arrival_ms, 3);
            if (++sent % at_once == 0)
                advance_all(scene, arrival_ms, &told);
        }
    }
    advance_all(scene, T + 2000000, &told);
    return told;
}

TEST(a_recording_sent_fast_is_followed_alike_however_it_is_split)
{
    static const int SPLITS[] = {1, 2, 7, 20, 301, 100000};
    struct told first = send_fast(60, 40);
    CHECK_INT(first.steps, 600);
    CHECK_INT(first.count, 3 * 600);
    for (size_t s = 0; s < COUNT_OF(SPLITS); s++) {
        struct told other = send_fast(60, SPLITS[s]);
        CHECK_INT(other.steps, first.steps);
        CHECK_INT(other.count, first.count);
        for (size_t i = 0; i < first.count; i++) {
            CHECK_INT(other.fixes[i].at_ms, first.fixes[i].at_ms);
            CHECK_INT(other.fixes[i].person.id, first.fixes[i].person.id);
            CHECK(other.fixes[i].person.x == first.fixes[i].person.x);
        }
        mem_free(other.fixes);
    }
    mem_free(first.fixes);
}
