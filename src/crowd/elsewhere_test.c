// SPDX-License-Identifier: Apache-2.0
#include "crowd/elsewhere.h"

#include "base/test.h"
#include "crowd/builders.h"
#include "crowd/messages.h"
#include "crowd/state.h"

#define NOW_US (1000 * INT64_C(1000000))

static struct venue_view *build_park(void)
{
    const struct zone_box boxes[] = {{"bar", 0, 0, 10, 10}, {"stage", 20, 0, 30, 10}};
    return build_view(boxes, 2, (const char *const[]){"cam-1", "cam-2", NULL});
}

/* What the owner of the venue would say of 7 people in the bar, whom one of two cameras sees. */
static struct crowd_picture *build_picture(const struct venue_view *view)
{
    struct crowd_picture *picture = crowd_picture_unknown(view, 1700000000123);
    picture->people = 7;
    picture->zones[0].people = 7;
    picture->zones[0].density_m2 = 0.07;
    picture->zones[0].level = CROWD_LEVEL_GREEN;
    picture->zones[0].cameras = 1;
    picture->zones[0].cameras_expected = 2;
    picture->zones[0].seen_ms = 1700000000100;
    picture->devices[0].last_seen_ms = 1700000000100;
    picture->devices[0].is_silent = false;
    picture->devices[0].clock_ahead_ms = -23;
    picture->devices[0].trust =
        (struct trust_verdict){TRUST_CLOCK, TRUST_CORRECTED, -1300, 0, 1700000000000};
    picture->devices[1].trust =
        (struct trust_verdict){TRUST_MOVED, TRUST_LEFT_OUT, 0, 1.4, 1700000000000};
    picture->devices[1].last_seen_ms = 1600000000000;
    picture->devices[1].is_silent = true;
    return picture;
}

static void tell(struct elsewhere *elsewhere, const struct venue_view *view, int64_t now_us)
{
    struct crowd_picture *picture = build_picture(view);
    SCOPED_TEXT zones = {0};
    SCOPED_TEXT devices = {0};
    text_init(&zones, 4096);
    text_init(&devices, 4096);
    message_zones(&zones, picture);
    message_devices(&devices, picture);
    elsewhere_hear(elsewhere, view->event, view->id, ELSEWHERE_ZONES, zones.bytes, zones.len,
                   now_us);
    elsewhere_hear(elsewhere, view->event, view->id, ELSEWHERE_DEVICES, devices.bytes, devices.len,
                   now_us);
    shared_unref(&picture->shared);
}

TEST(what_another_process_counts_is_known_here_until_it_falls_silent)
{
    struct elsewhere *elsewhere = elsewhere_create();
    struct venue_view *view = build_park();
    CHECK(elsewhere_picture(elsewhere, view, NOW_US) == NULL);
    tell(elsewhere, view, NOW_US);
    struct crowd_picture *picture =
        elsewhere_picture(elsewhere, view, NOW_US + ELSEWHERE_QUIET_MS * INT64_C(1000));
    CHECK_INT(picture->at_ms, 1700000000123);
    CHECK_INT(picture->people, 7);
    CHECK_INT(picture->zones[0].people, 7);
    CHECK_NEAR(picture->zones[0].density_m2, 0.07, 1e-12);
    CHECK_INT(picture->zones[0].level, CROWD_LEVEL_GREEN);
    CHECK_INT(picture->zones[0].cameras, 1);
    CHECK_INT(picture->zones[0].cameras_expected, 2);
    CHECK_INT(picture->zones[0].seen_ms, 1700000000100);
    CHECK_INT(picture->devices[0].clock_ahead_ms, -23);
    CHECK_INT(picture->devices[0].trust.kind, TRUST_CLOCK);
    CHECK_INT(picture->devices[0].trust.merging, TRUST_CORRECTED);
    CHECK_INT(picture->devices[0].trust.clock_off_ms, -1300);
    CHECK_INT(picture->devices[1].trust.kind, TRUST_MOVED);
    CHECK_INT(picture->devices[1].trust.merging, TRUST_LEFT_OUT);
    CHECK_NEAR(picture->devices[1].trust.moved_m, 1.4, 1e-9);
    CHECK_INT(picture->devices[1].trust.since_ms, 1700000000000);
    CHECK(picture->devices[1].clock_ahead_ms == CROWD_CLOCK_UNKNOWN);
    CHECK_INT(picture->zones[1].people, CROWD_UNKNOWN);
    CHECK_INT(picture->zones[1].level, CROWD_LEVEL_UNKNOWN);
    CHECK_INT(picture->devices[0].last_seen_ms, 1700000000100);
    CHECK(!picture->devices[0].is_silent && picture->devices[1].is_silent);
    shared_unref(&picture->shared);
    CHECK(elsewhere_picture(elsewhere, view, NOW_US + ELSEWHERE_QUIET_MS * INT64_C(1000) + 1) ==
          NULL);
    shared_unref(&view->shared);
    elsewhere_destroy(elsewhere);
}

TEST(what_is_no_message_of_ours_leaves_everything_unknown)
{
    static const char *const STRANGE[] = {
        "", "{", "[]", "{\"zones\":7,\"people\":\"many\"}",
        "{\"zones\":[{\"id\":null},{},3,{\"id\":\"bar\",\"people\":1.5,\"level\":\"puce\"}]}"};
    struct elsewhere *elsewhere = elsewhere_create();
    struct venue_view *view = build_park();
    for (size_t i = 0; i < COUNT_OF(STRANGE); i++) {
        elsewhere_hear(elsewhere, view->event, view->id, ELSEWHERE_ZONES, STRANGE[i],
                       strlen(STRANGE[i]), NOW_US);
        struct crowd_picture *picture = elsewhere_picture(elsewhere, view, NOW_US);
        CHECK_INT(picture->people, CROWD_UNKNOWN);
        CHECK_INT(picture->zones[0].people, CROWD_UNKNOWN);
        CHECK_INT(picture->zones[0].level, CROWD_LEVEL_UNKNOWN);
        shared_unref(&picture->shared);
    }
    shared_unref(&view->shared);
    elsewhere_destroy(elsewhere);
}

TEST(a_venue_that_fell_silent_leaves_its_place_to_another)
{
    struct elsewhere *elsewhere = elsewhere_create();
    struct venue_view *view = build_park();
    tell(elsewhere, view, NOW_US);
    int64_t later_us = NOW_US + 2 * ELSEWHERE_QUIET_MS * INT64_C(1000);
    elsewhere_hear(elsewhere, view->event, "hall", ELSEWHERE_ZONES, "{}", 2, later_us);
    tell(elsewhere, view, later_us);
    struct crowd_picture *picture = elsewhere_picture(elsewhere, view, later_us);
    CHECK_INT(picture->people, 7);
    shared_unref(&picture->shared);
    shared_unref(&view->shared);
    elsewhere_destroy(elsewhere);
}
