// SPDX-License-Identifier: Apache-2.0
#include "crowd/trust/trust.h"

#include "base/test.h"
#include "crowd/scenes/scene.h"
#include "crowd/tracking/stage.h"

#define T       1000000000
#define CAMERAS 4
#define PEOPLE  14
#define SIDE_M  20.0

/* Four cameras at the corners of a square on which people walk to and fro. */
struct square {
    struct camera cameras[CAMERAS];
    struct venue_view *view;
    struct crowd_scene *scene;
    struct walker walkers[PEOPLE];
    struct point goals[PEOPLE];
    struct random_sequence chance;
    struct stage_noise noise;
    int64_t off_ms[CAMERAS];  /* of the clocks */
    int64_t late_ms[CAMERAS]; /* of arrival */
    double still_share;       /* of the people stand */
    int64_t at_ms;
};

static void square_open(struct square *square)
{
    static const char *const NAMES[] = {"c0", "c1", "c2", "c3"};
    *square =
        (struct square){.chance = {.state = 3}, .noise = {.miss = 0.1, .share = 0.02}, .at_ms = T};
    for (size_t i = 0; i < CAMERAS; i++)
        square->cameras[i] = (struct camera){.id = NAMES[i],
                                             .at_x = i % 2 == 0 ? -4 : SIDE_M + 4,
                                             .at_y = i / 2 == 0 ? -4 : SIDE_M + 4,
                                             .height = 6,
                                             .look_x = SIDE_M / 2,
                                             .look_y = SIDE_M / 2,
                                             .focal_px = 1100};
    square->view =
        stage_view(square->cameras, CAMERAS, (struct point){0, 0}, (struct point){SIDE_M, SIDE_M});
    const uint64_t covers[CAMERAS] = {0};
    square->scene = crowd_scene_create(square->view, covers, 1);
    CHECK_INT(crowd_scene_group_count(square->scene), 1);
    for (size_t i = 0; i < PEOPLE; i++)
        square->walkers[i] = (struct walker){.id = (int64_t)i,
                                             .x = SIDE_M * random_uniform(&square->chance),
                                             .y = SIDE_M * random_uniform(&square->chance),
                                             .height = 1.7};
    for (size_t i = 0; i < CAMERAS; i++)
        square->late_ms[i] = 60 + 40 * (int64_t)i;
}

static void square_close(struct square *square)
{
    crowd_scene_destroy(square->scene);
    shared_unref(&square->view->shared);
}

static void walk(struct square *square, double seconds)
{
    for (size_t i = (size_t)(square->still_share * PEOPLE); i < PEOPLE; i++) {
        struct walker *walker = &square->walkers[i];
        struct point *goal = &square->goals[i];
        double away = hypot(goal->x - walker->x, goal->y - walker->y);
        if (away < 0.5 || square->at_ms == T)
            *goal = (struct point){SIDE_M * random_uniform(&square->chance),
                                   SIDE_M * random_uniform(&square->chance)};
        away = hypot(goal->x - walker->x, goal->y - walker->y);
        walker->x += (goal->x - walker->x) / away * 1.3 * seconds;
        walker->y += (goal->y - walker->y) / away * 1.3 * seconds;
    }
}

static void drain(struct square *square, int64_t stream_ms)
{
    bool is_ahead;
    do {
        struct crowd_scene_fixes settled;
        is_ahead = crowd_scene_advance(square->scene, 0, stream_ms, INT64_MAX);
        if (crowd_scene_settle(square->scene, 0, stream_ms, &settled))
            crowd_scene_fixes_fini(&settled);
    } while (is_ahead);
}

/* Four frames a second of each. */
static void square_run(struct square *square, int64_t seconds)
{
    for (int64_t i = 0; i < seconds * 4; i++) {
        square->at_ms += 250;
        walk(square, 0.25);
        for (uint32_t d = 0; d < CAMERAS; d++) {
            struct intake_frame frame = stage_see(&square->cameras[d], d, square->walkers, PEOPLE,
                                                  &square->noise, &square->chance);
            frame.at_ms = square->at_ms + square->off_ms[d];
            (void)crowd_scene_add(square->scene, frame, square->at_ms + square->late_ms[d]);
        }
        drain(square, square->at_ms + 200);
    }
}

static size_t people_count(const struct square *square)
{
    size_t count = 0;
    (void)crowd_scene_people(square->scene, 0, square->at_ms + 200, &count);
    return count;
}

/* The clock's error of camera 2, as found; the others must be left alone. */
static struct trust_verdict verdict_of_2(const struct square *square)
{
    for (uint32_t d = 0; d < CAMERAS; d++)
        CHECK(d == 2 || crowd_scene_trust(square->scene, d).kind == TRUST_FINE);
    return crowd_scene_trust(square->scene, 2);
}

TEST(cameras_that_agree_are_never_flagged)
{
    struct square square;
    square_open(&square);
    square.noise = (struct stage_noise){.miss = 0.3, .share = 0.05};
    for (int i = 0; i < 12; i++) {
        square_run(&square, 15);
        CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
    }
    square_close(&square);
}

TEST(a_clock_that_is_off_is_found_and_corrected)
{
    static const int64_t OFF_MS[] = {-9000, -2500, -700, -250, 250, 400, 1300, 6000};
    for (size_t i = 0; i < COUNT_OF(OFF_MS); i++) {
        struct square square;
        square_open(&square);
        square.off_ms[2] = OFF_MS[i];
        square_run(&square, 75);
        struct trust_verdict found = verdict_of_2(&square);
        CHECK_INT(found.kind, TRUST_CLOCK);
        CHECK_INT(found.merging, TRUST_CORRECTED);
        CHECK_NEAR((double)found.clock_off_ms, (double)OFF_MS[i], 100);
        CHECK_NEAR((double)people_count(&square), PEOPLE, 1);
        square_close(&square);
    }
}

TEST(a_clock_from_the_future_is_left_out_until_the_feet_have_told)
{
    struct square square;
    square_open(&square);
    square.off_ms[2] = 4000;
    square_run(&square, 7);
    struct trust_verdict found = verdict_of_2(&square);
    CHECK_INT(found.kind, TRUST_CLOCK);
    CHECK_INT(found.merging, TRUST_LEFT_OUT);
    CHECK_NEAR((double)found.clock_off_ms, 4000, 200);
    square_close(&square);
}

TEST(a_clock_that_is_set_right_is_believed_again)
{
    struct square square;
    square_open(&square);
    square.off_ms[2] = 3000;
    square_run(&square, 75);
    CHECK_INT(verdict_of_2(&square).merging, TRUST_CORRECTED);
    square.off_ms[2] = 0;
    square_run(&square, 75);
    CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
    square_close(&square);
}

TEST(a_slow_line_is_no_wrong_clock)
{
    struct square square;
    square_open(&square);
    square.late_ms[2] = 1600;
    square_run(&square, 60);
    CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
    square_close(&square);
}

/* As if it looked elsewhere, with the old calibration. */
static void turn(struct square *square, double by_m)
{
    square->cameras[2].look_x += by_m;
    square->cameras[2].look_y += by_m / 2;
}

TEST(a_camera_that_was_moved_is_flagged_and_left_out)
{
    static const double BY_M[] = {0.7, 1.4, 2.5};
    for (size_t i = 0; i < COUNT_OF(BY_M); i++) {
        struct square square;
        square_open(&square);
        square_run(&square, 60);
        CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
        turn(&square, BY_M[i]);
        square_run(&square, 75);
        struct trust_verdict found = verdict_of_2(&square);
        CHECK_INT(found.kind, TRUST_MOVED);
        CHECK_INT(found.merging, TRUST_LEFT_OUT);
        CHECK_NEAR(found.moved_m, BY_M[i] * 1.1, 0.6);
        CHECK(found.since_ms > T + 60000);
        CHECK_NEAR((double)people_count(&square), PEOPLE, 1);
        turn(&square, -BY_M[i]); /* somebody has put it back */
        square_run(&square, 90);
        CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
        square_close(&square);
    }
}

TEST(people_who_stand_still_tell_nothing_of_clocks)
{
    struct square square;
    square_open(&square);
    square.still_share = 1;
    square.off_ms[2] = -800;
    square_run(&square, 60);
    CHECK_INT(verdict_of_2(&square).kind, TRUST_FINE);
    square_close(&square);
}
