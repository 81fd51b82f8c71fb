// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/groups.h"

#include "base/test.h"
#include "crowd/tracking/stage.h"

/* Steep cameras, each of which sees some 20 m around the place it looks at. */
static struct camera over(const char *id, double x, double y)
{
    return (struct camera){.id = id,
                           .at_x = x - 4,
                           .at_y = y,
                           .height = 20,
                           .look_x = x,
                           .look_y = y,
                           .focal_px = 2000};
}

static struct groups groups_of(const struct camera *cameras, size_t count)
{
    struct groups groups;
    struct venue_view *view =
        stage_view(cameras, count, (struct point){0, 0}, (struct point){300, 50});
    const uint64_t covers[8] = {0};
    groups_init(&groups, view, covers);
    shared_unref(&view->shared);
    return groups;
}

TEST(cameras_whose_pictures_share_some_floor_are_a_group_also_through_others)
{
    const struct camera cameras[] = {over("a", 20, 20), over("b", 200, 20), over("c", 40, 20),
                                     over("d", 32, 20)};
    struct groups groups = groups_of(cameras, 4);
    CHECK_INT(groups.count, 2);
    CHECK_INT(groups.group_of[0], groups.group_of[2]);
    CHECK_INT(groups.group_of[0], groups.group_of[3]);
    CHECK(groups.group_of[1] != groups.group_of[0]);
    const struct camera_group *first = &groups.all[groups.group_of[0]];
    CHECK_INT(first->device_count, 3);
    CHECK_INT(first->devices[groups.place_of[2]], 2);
    CHECK(first->low.x < 20 && first->high.x > 40 && first->high.x < 100);
    groups_fini(&groups);
    groups = groups_of(cameras, 3); /* without the one between */
    CHECK_INT(groups.count, 3);
    groups_fini(&groups);
}

static const struct zone_box zones[] = {{"west", 0, 0, 10, 10}, {"east", 50, 0, 60, 10}};
static const char *const sensors[] = {"a", "b", NULL};

TEST(cameras_without_a_known_picture_are_one_group_that_may_look_anywhere)
{
    struct groups groups;
    struct venue_view *view = build_view(zones, 2, sensors);
    const uint64_t covers[] = {1, 2};
    groups_init(&groups, view, covers);
    CHECK_INT(groups.count, 1);
    /* Whoever has seen only one zone so far may see people elsewhere a moment later. */
    CHECK(groups.all[0].low.x <= -GROUPS_AROUND_M && groups.all[0].high.x >= 60 + GROUPS_AROUND_M);
    groups_fini(&groups);
    shared_unref(&view->shared);
}

TEST(a_camera_that_comes_to_cover_a_zone_of_unplaced_ones_would_join_them)
{
    struct groups groups;
    const struct camera camera = over("a", 100, 20);
    struct venue_view *picture =
        stage_view(&camera, 1, (struct point){0, 0}, (struct point){300, 50});
    struct venue_view *view = build_view(zones, 2, sensors);
    view->devices[0].calibration = picture->devices[0].calibration;
    view->devices[0].image_width_px = CAMERA_WIDTH_PX;
    view->devices[0].image_height_px = CAMERA_HEIGHT_PX;
    const uint64_t apart[] = {1, 2}, together[] = {1, 3};
    groups_init(&groups, view, apart);
    CHECK_INT(groups.count, 2);
    CHECK(!groups_would_join(&groups, view, apart));
    CHECK(groups_would_join(&groups, view, together));
    groups_fini(&groups);
    groups_init(&groups, view, together);
    CHECK_INT(groups.count, 1);
    CHECK(!groups_would_join(&groups, view, together));
    groups_fini(&groups);
    shared_unref(&view->shared);
    shared_unref(&picture->shared);
}

TEST(an_empty_venue_has_bounds_and_no_groups)
{
    struct groups groups;
    struct venue_view *view = build_view(zones, 0, (const char *const[]){NULL});
    struct venue_bounds bounds = venue_bounds_of(view);
    CHECK_NEAR(bounds.high.x, GROUPS_UNBOUNDED_M, 1e-9);
    groups_init(&groups, view, NULL);
    CHECK_INT(groups.count, 0);
    groups_fini(&groups);
    shared_unref(&view->shared);
}

/* Where a venue ends is not known without a plan: its cameras say. */
static struct venue_view *far_view(bool has_plan, double x)
{
    const struct camera cameras[] = {over("a", 20, 20), over("b", x, 20), over("c", x + 6, 20)};
    struct venue_view *view = stage_view(cameras, 3, (struct point){0, 0}, (struct point){100, 50});
    view->has_bounds = has_plan;
    return view;
}

TEST(cameras_beyond_the_zones_have_a_floor_of_their_own_where_there_is_no_plan)
{
    struct groups groups;
    const uint64_t covers[8] = {0};
    struct venue_view *view = far_view(false, 400);
    groups_init(&groups, view, covers);
    CHECK_INT(groups.count, 2);
    CHECK_INT(groups.group_of[1], groups.group_of[2]);
    const struct camera_group *far = &groups.all[groups.group_of[1]];
    CHECK(far->low.x > 350 && far->low.x < 400 && far->high.x > 400 && far->high.x < 460);
    groups_fini(&groups);
    shared_unref(&view->shared);
}

TEST(cameras_that_see_nothing_of_the_venue_follow_nobody)
{
    struct groups groups;
    const uint64_t covers[8] = {0};
    struct venue_view *views[] = {far_view(true, 400), far_view(false, 5000)};
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        uint64_t next_id = 1;
        size_t count = 0;
        groups_init(&groups, views[i], covers);
        const struct camera_group *far = &groups.all[groups.group_of[1]];
        CHECK(far->low.x > far->high.x);
        SCOPED(tracker)
        tracker = tracker_create(&(struct tracker_scope){.view = views[i],
                                                         .devices = far->devices,
                                                         .device_count = 1,
                                                         .low = far->low,
                                                         .high = far->high,
                                                         .next_id = &next_id});
        const struct box box = {.foot_x = 960, .foot_y = 540, .width = 40, .height = 110};
        const struct tracker_frame frame = {.boxes = &box, .box_count = 1};
        for (int step = 1; step < 50; step++)
            tracker_step(tracker, 100 * step, &frame, 1);
        (void)tracker_people(tracker, &count);
        CHECK_INT(count, 0);
        CHECK_INT(next_id, 1);
        groups_fini(&groups);
        shared_unref(&views[i]->shared);
    }
}
