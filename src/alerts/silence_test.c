// SPDX-License-Identifier: Apache-2.0
/* Of several devices one falls silent. */
#include "alerts/scene_test.h"
#include "alerts/silence.h"
#include "base/clock.h"
#include "base/text.h"

static struct rule silent_rule(void)
{
    struct rule rule = scene_rule("silent", "device.*:silence");
    rule.threshold = 0.1;
    rule.recovery = 0;
    return rule;
}

/* lift-3 may be silent for two seconds, lift-4 for an hour; both are looked at once a second. */
static struct scene *two_lifts(place_maker make)
{
    struct scene *scene = scene_open(make);
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_PUT, "lift-3",
               "{\"kind\":\"sensor\",\"silent_after_ms\":2000}");
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_PUT, "lift-4",
               "{\"kind\":\"sensor\",\"silent_after_ms\":3600000}");
    struct rule rule = silent_rule();
    scene_add_rule(scene, &rule);
    scene_start_venues(scene);
    scene_start_alerts(scene);
    return scene;
}

IN_BOTH_PLACES(one_silent_device_among_others_is_an_alarm_until_it_is_heard)
{
    SCOPED(scene) scene = two_lifts(make);
    scene_wait_published(scene, 1);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK_TEXT(incidents[0].series, "device.lift-3:silence");
    CHECK_TEXT(incidents[0].venue, "park");
    CHECK(incidents[0].value >= 0.1);
    scene_say_one(scene, "lift-3:temperature", 0, 20);
    scene_wait_published(scene, 2);
    CHECK(strstr(scene->last_published, "\"resolution\":\"recovered\"") != NULL);
}

IN_BOTH_PLACES(a_device_stays_silent_through_a_restart_until_it_is_heard)
{
    SCOPED(scene) scene = two_lifts(make);
    scene_wait_published(scene, 1);
    scene_shut(scene);
    scene_reopen(scene);
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_PUT, "lift-4",
               "{\"kind\":\"sensor\",\"silent_after_ms\":1000}");
    scene_start_venues(scene);
    scene_start_alerts(scene);
    scene_wait_published(scene, 2); /* lift-4, which began to be missed after the restart */
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 2);
    CHECK_TEXT(incidents[0].series, "device.lift-4:silence");
    CHECK_INT(incidents[1].state, INCIDENT_OPEN);
}

static enum err publish_run(struct db *db, void *context, struct err_note *note)
{
    const struct scene *scene = context;
    struct event event;
    event_defaults(&event);
    (void)text_copy(event.id, sizeof event.id, "next");
    (void)text_copy(event.name, sizeof event.name, "Next");
    event.starts_at_ms = scene->start_ms;
    event.ends_at_ms = scene->start_ms + 86400000;
    TRY(event_insert(db, &(struct actor){.name = "Ann"}, &event, 1, note));
    return alerts_event_made(db, &scene->ann, "next", 1, note);
}

IN_BOTH_PLACES(a_new_event_tells_of_silent_devices_once_it_runs)
{
    SCOPED(scene) scene = scene_open(make);
    scene_write(scene, publish_run, scene);
    struct watches watches;
    struct rule rule;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(rule_find(db, "next", "device-silent", &rule), ERR_NONE);
    CHECK_INT(rule.recipient_count, 2);
    CHECK_INT(watches_load(db, 1, &watches), ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(watches.count, 1);
    CHECK(!watches.ask_silence); /* a draft, whose cameras are being put up */
    watches_fini(&watches);
}
