// SPDX-License-Identifier: Apache-2.0
#include "api/mqtt/told.h"

#include "base/test.h"

#include <stdio.h>

#define NOW_MS INT64_C(1781990043100) /* 2026-06-20T21:14:03.100Z */

struct board { /* a broker that remembers the last ones */
    char topics[8][128];
    char payloads[8][512];
    size_t count;
    size_t room;
};

static bool pin(void *context, const char *topic, const char *payload, size_t len)
{
    struct board *board = context;
    if (board->room == 0)
        return false;
    board->room--;
    CHECK(board->count < COUNT_OF(board->topics));
    CHECK(text_copy(board->topics[board->count], sizeof board->topics[0], topic));
    (void)snprintf(board->payloads[board->count++], sizeof board->payloads[0], "%.*s", (int)len,
                   payload == NULL ? "" : payload);
    return true;
}

struct scene {
    struct told told;
    struct board board;
    struct zone zones[2];
    struct crowd_zone_state states[2];
    struct venue_view view;
    struct crowd_picture picture;
};

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){.board = {.room = 100}};
    scene->zones[0] = (struct zone){.id = "stage", .name = "Before the \"stage\""};
    scene->zones[1] = (struct zone){.id = "food", .name = "Food"};
    scene->states[0] = (struct crowd_zone_state){.id = "stage",
                                                 .people = 12,
                                                 .density_m2 = 0.03,
                                                 .level = CROWD_LEVEL_GREEN,
                                                 .cameras = 1,
                                                 .cameras_expected = 2};
    scene->states[1] = (struct crowd_zone_state){.id = "food", .people = CROWD_UNKNOWN};
    scene->view =
        (struct venue_view){.event = "demo", .id = "park", .zones = scene->zones, .zone_count = 2};
    scene->picture = (struct crowd_picture){.zones = scene->states, .zone_count = 2};
}

/* Of both zones or of none; returns how many messages that made. */
static size_t tell(struct scene *scene, size_t venue_count, int64_t now_ms)
{
    struct venue_view *views[] = {&scene->view};
    struct crowd_picture *pictures[] = {&scene->picture};
    const struct told_port port = {.publish = pin, .context = &scene->board, .prefix = "muster"};
    scene->board.count = 0;
    scene->picture.at_ms = now_ms;
    told_tell(&scene->told, views, pictures, venue_count, now_ms, &port);
    return scene->board.count;
}

TEST(zone_is_told_as_one_document_and_unknown_is_not_zero)
{
    struct scene scene;
    scene_init(&scene);
    CHECK_INT(tell(&scene, 1, NOW_MS), 2);
    CHECK_TEXT(scene.board.topics[0], "muster/demo/park/zones/stage");
    CHECK_TEXT(scene.board.payloads[0],
               "{\"at\":\"2026-06-20T21:14:03.100Z\",\"event\":\"demo\",\"venue\":\"park\","
               "\"zone\":\"stage\",\"name\":\"Before the \\\"stage\\\"\",\"people\":12,"
               "\"density\":0.030,\"level\":\"green\",\"cameras\":1,\"cameras_expected\":2,"
               "\"age_ms\":null,\"flow\":null}");
    CHECK_TEXT(scene.board.topics[1], "muster/demo/park/zones/food");
    CHECK(
        strstr(scene.board.payloads[1], "\"people\":null,\"density\":null,\"level\":\"unknown\""));
    told_fini(&scene.told);
}

TEST(zone_is_told_again_when_it_changes_and_every_ten_seconds)
{
    struct scene scene;
    scene_init(&scene);
    CHECK_INT(tell(&scene, 1, NOW_MS), 2);
    CHECK_INT(tell(&scene, 1, NOW_MS + 1000), 0);
    scene.states[1].people = 0;
    CHECK_INT(tell(&scene, 1, NOW_MS + 2000), 1);
    CHECK_TEXT(scene.board.topics[0], "muster/demo/park/zones/food");
    CHECK_INT(tell(&scene, 1, NOW_MS + TOLD_STEADY_MS - 1), 0);
    CHECK_INT(tell(&scene, 1, NOW_MS + TOLD_STEADY_MS), 1);
    CHECK_INT(tell(&scene, 1, NOW_MS), 2); /* the clock was put back */
    told_forget(&scene.told);
    CHECK_INT(tell(&scene, 1, NOW_MS + 100), 2);
    told_fini(&scene.told);
}

TEST(zone_or_venue_that_is_gone_is_taken_back)
{
    struct scene scene;
    scene_init(&scene);
    CHECK_INT(tell(&scene, 1, NOW_MS), 2);
    scene.view.zone_count = 1;
    CHECK_INT(tell(&scene, 1, NOW_MS + 1000), 1); /* the picture still has the zone */
    CHECK_TEXT(scene.board.topics[0], "muster/demo/park/zones/food");
    CHECK_TEXT(scene.board.payloads[0], "");
    CHECK_INT(tell(&scene, 0, NOW_MS + 2000), 1);
    CHECK_TEXT(scene.board.topics[0], "muster/demo/park/zones/stage");
    CHECK_TEXT(scene.board.payloads[0], "");
    CHECK_INT(tell(&scene, 0, NOW_MS + 3000), 0);
    CHECK_INT(scene.told.venue_count, 0);
    told_fini(&scene.told);
}

TEST(what_there_is_no_room_for_is_told_the_next_time)
{
    struct scene scene;
    scene_init(&scene);
    scene.board.room = 1;
    CHECK_INT(tell(&scene, 1, NOW_MS), 1);
    scene.board.room = 100;
    CHECK_INT(tell(&scene, 1, NOW_MS + 1000), 1);
    CHECK_TEXT(scene.board.topics[0], "muster/demo/park/zones/food");
    scene.board.room = 0;
    CHECK_INT(tell(&scene, 0, NOW_MS + 2000), 0);
    scene.board.room = 100;
    CHECK_INT(tell(&scene, 0, NOW_MS + 3000), 2);
    told_fini(&scene.told);
}

struct venues_scene {
    struct scene park, foyer;
};

/* All zones of both venues have changed. */
static void tell_both(struct venues_scene *scene, int64_t now_ms)
{
    struct venue_view *views[] = {&scene->park.view, &scene->foyer.view};
    struct crowd_picture *pictures[] = {&scene->park.picture, &scene->foyer.picture};
    const struct told_port port = {
        .publish = pin, .context = &scene->park.board, .prefix = "muster"};
    for (size_t z = 0; z < 2; z++) {
        scene->park.states[z].people = now_ms % 10000;
        scene->foyer.states[z].people = now_ms % 10000;
    }
    scene->park.board.count = 0;
    told_tell(&scene->park.told, views, pictures, 2, now_ms, &port);
}

TEST(where_the_broker_is_slow_every_zone_of_every_venue_has_its_turn)
{
    static const char *const TURNS[] = {
        "muster/demo/park/zones/stage",  "muster/demo/park/zones/food",
        "muster/demo/foyer/zones/stage", "muster/demo/foyer/zones/food",
        "muster/demo/park/zones/stage",  "muster/demo/park/zones/food",
        "muster/demo/foyer/zones/stage", "muster/demo/foyer/zones/food",
        "muster/demo/park/zones/stage"};
    struct venues_scene scene;
    scene_init(&scene.park);
    scene_init(&scene.foyer);
    (void)text_copy(scene.foyer.view.id, sizeof scene.foyer.view.id, "foyer");
    for (size_t turn = 0; turn < 3; turn++) {
        scene.park.board.room = 3;
        tell_both(&scene, NOW_MS + (int64_t)turn * 1000);
        CHECK_INT(scene.park.board.count, 3);
        for (size_t i = 0; i < 3; i++)
            CHECK_TEXT(scene.park.board.topics[i], TURNS[3 * turn + i]);
    }
    told_fini(&scene.park.told);
}

TEST(what_is_gone_is_taken_back_before_counts_take_the_room)
{
    struct venues_scene scene;
    scene_init(&scene.park);
    scene_init(&scene.foyer);
    (void)text_copy(scene.foyer.view.id, sizeof scene.foyer.view.id, "foyer");
    tell_both(&scene, NOW_MS);
    scene.park.board.room = 1;
    scene.foyer.view.zone_count = scene.foyer.picture.zone_count = 1;
    tell_both(&scene, NOW_MS + 1000);
    CHECK_INT(scene.park.board.count, 1);
    CHECK_TEXT(scene.park.board.topics[0], "muster/demo/foyer/zones/food");
    CHECK_TEXT(scene.park.board.payloads[0], "");
    told_fini(&scene.park.told);
}
