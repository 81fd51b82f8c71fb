// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/stage.h"

#include "base/test.h"
#include "crowd/tracking/floor.h"

static const struct camera mast = {
    .id = "a", .at_x = -2, .at_y = 10, .height = 8, .look_x = 10, .look_y = 10, .focal_px = 1000};

static struct venue_view *one_camera(struct camera_model *model)
{
    struct venue_view *view = stage_view(&mast, 1, (struct point){0, 0}, (struct point){20, 20});
    camera_model_init(model, &view->devices[0]);
    return view;
}

static bool see_walker(const struct camera_model *model, double x, double y, double share,
                       struct random_sequence *chance, struct sighting *out)
{
    const struct walker walker = {.id = 1, .x = x, .y = y, .height = 1.7};
    const struct stage_noise noise = {.share = share};
    struct intake_frame frame = stage_see(&mast, 0, &walker, 1, &noise, chance);
    bool is_seen = frame.box_count == 1 && camera_model_see(model, &frame.boxes[0], out);
    stage_frame_fini(&frame);
    return is_seen;
}

TEST(the_noise_of_a_camera_is_learned_from_where_others_see_the_same_people)
{
    static const double SHARES[] = {0.01, 0.05, 0.12};
    for (size_t i = 0; i < COUNT_OF(SHARES); i++) {
        struct camera_model model;
        struct random_sequence chance = {.state = 4};
        struct venue_view *view = one_camera(&model);
        for (int k = 0; k < 3000; k++) {
            struct sighting sighting;
            double x = 6 + 12 * random_uniform(&chance), y = 5 + 10 * random_uniform(&chance);
            const struct spot others = {x + 0.05 * random_normal(&chance),
                                        y + 0.05 * random_normal(&chance),
                                        {0.0025, 0, 0.0025}};
            if (see_walker(&model, x, y, SHARES[i], &chance, &sighting))
                camera_model_learn(&model, &sighting, &others);
        }
        CHECK(model.along_share > 0.6 * SHARES[i] - 0.005 && model.along_share < 1.5 * SHARES[i]);
        shared_unref(&view->shared);
    }
}

TEST(a_person_far_away_is_placed_less_surely_and_along_the_line_of_sight_least)
{
    struct camera_model model;
    struct random_sequence chance = {.state = 4};
    struct sighting near, far;
    struct venue_view *view = one_camera(&model);
    CHECK(see_walker(&model, 6, 10, 0, &chance, &near));
    CHECK(see_walker(&model, 19, 10, 0, &chance, &far));
    CHECK(far.spot.spread.xx > 2 * near.spot.spread.xx);
    CHECK(far.spot.spread.xx > 2 * far.spot.spread.yy); /* the camera looks along x */
    shared_unref(&view->shared);
}

TEST(a_box_that_the_picture_cuts_is_trusted_less_and_teaches_nothing)
{
    struct camera_model model;
    struct sighting whole, cut;
    struct venue_view *view = one_camera(&model);
    const struct box inside = {.foot_x = 960, .foot_y = 1000, .width = 60, .height = 150};
    struct box edge = inside;
    edge.foot_y = CAMERA_HEIGHT_PX;
    CHECK(camera_model_see(&model, &inside, &whole));
    CHECK(camera_model_see(&model, &edge, &cut));
    CHECK(!whole.is_cut && cut.is_cut);
    CHECK(cut.spot.spread.xx > 2 * whole.spot.spread.xx);
    CHECK(cut.spot.spread.yy > 1.2 * whole.spot.spread.yy);
    const struct spot others = {cut.spot.x + 0.3, cut.spot.y, {0.01, 0, 0.01}};
    double share = model.along_share;
    for (int i = 0; i < 100; i++)
        camera_model_learn(&model, &cut, &others);
    CHECK(model.along_share == share);
    shared_unref(&view->shared);
}

TEST(a_place_near_the_horizon_is_none)
{
    struct camera level = mast;
    struct camera_model model;
    struct sighting sighting;
    level.look_x = 60;
    struct venue_view *view = stage_view(&level, 1, (struct point){0, 0}, (struct point){20, 20});
    camera_model_init(&model, &view->devices[0]);
    int placed = 0, floor_only = 0;
    for (int v = 0; v < CAMERA_HEIGHT_PX; v++) {
        const struct box box = {.foot_x = 100, .foot_y = v, .width = 5, .height = 12};
        struct point place;
        floor_only += calibration_to_floor(&view->devices[0].calibration,
                                           (struct point){box.foot_x, v}, &place)
                          ? 1
                          : 0;
        if (!camera_model_see(&model, &box, &sighting))
            continue;
        placed++;
        CHECK(spread_determinant(sighting.spot.spread) > 0 && isfinite(sighting.evidence.x));
        CHECK(fabs(sighting.spot.x) < 700);
    }
    CHECK(placed > 600 && placed < floor_only); /* some rows below the horizon are too vague */
    shared_unref(&view->shared);
}

TEST(cells_behind_a_pillar_are_learned_and_the_others_stay_as_they_were)
{
    struct camera_model model;
    struct venue_view *view = one_camera(&model);
    struct floor floor;
    floor_init(&floor, (struct point){0, 0}, (struct point){20, 20}, &model, 1);
    struct floor_cell *behind = floor_cell_at(&floor, 15, 10);
    struct floor_cell *beside = floor_cell_at(&floor, 12, 5);
    CHECK(floor_hit_rate(behind, &model, 0) > 0.7);
    for (int i = 0; i < 100; i++) {
        floor_learn_look(behind, &model, 0, false);
        for (int k = 0; k < 10; k++)
            floor_learn_look(beside, &model, 0, true);
    }
    CHECK(floor_hit_rate(behind, &model, 0) < 0.1);
    CHECK(floor_hit_rate(beside, &model, 0) > 0.9);
    floor_fini(&floor);
    shared_unref(&view->shared);
}

TEST(a_night_without_pictures_does_not_make_newcomers_unlikely)
{
    struct camera_model model;
    struct venue_view *view = one_camera(&model);
    struct floor floor;
    floor_init(&floor, (struct point){0, 0}, (struct point){20, 20}, &model, 1);
    struct floor_cell *gate = floor_cell_at(&floor, 10, 10);
    for (int i = 0; i < 600; i++) {
        floor_watch(&floor, 0.1);
        gate->arrivals += 0.1F;
    }
    double busy = floor_arrival_rate(&floor, gate);
    floor_watch(&floor, 12 * 3600);
    CHECK_NEAR(floor_arrival_rate(&floor, gate) / busy, 1, 0.1);
    /* A quiet day with pictures does; and a busy minute after it is noticed. */
    for (int i = 0; i < 12 * 3600; i++)
        floor_watch(&floor, 1);
    double quiet = floor_arrival_rate(&floor, gate);
    CHECK(quiet < busy / 10);
    for (int i = 0; i < 600; i++) {
        floor_watch(&floor, 0.1);
        gate->arrivals += 0.1F;
    }
    CHECK(floor_arrival_rate(&floor, gate) > busy / 50 &&
          floor_arrival_rate(&floor, gate) > 4 * quiet);
    floor_fini(&floor);
    shared_unref(&view->shared);
}

TEST(a_place_that_is_no_number_falls_into_a_cell_and_is_not_held)
{
    struct camera_model model;
    struct venue_view *view = one_camera(&model);
    struct floor floor;
    floor_init(&floor, (struct point){0, 0}, (struct point){20, 20}, &model, 1);
    CHECK(floor_cell_at(&floor, NAN, NAN) == &floor.cells[0]);
    CHECK(floor_cell_at(&floor, 1e300, 1e300) == &floor.cells[floor.columns * floor.rows - 1]);
    CHECK(!floor_holds(&floor, NAN, 1));
    CHECK(floor_holds(&floor, -0.2, 20.2) && !floor_holds(&floor, -0.3, 1));
    floor_fini(&floor);
    shared_unref(&view->shared);
}
