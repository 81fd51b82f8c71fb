// SPDX-License-Identifier: Apache-2.0
/* What is over or removed has no alarms any more, and leaves none behind. */
#include "alerts/alarm.h"
#include "alerts/scene_test.h"
#include "base/clock.h"
#include "base/text.h"

static const char STAGE[] = "zone.stage-a:density";

static struct scene *scene_with(place_maker make, const struct rule *rule)
{
    struct scene *scene = scene_open(make);
    scene_add_rule(scene, rule);
    scene_start_venues(scene);
    scene_start_alerts(scene);
    return scene;
}

static struct incident newest(struct scene *scene)
{
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK(count > 0);
    return incidents[0];
}

static size_t unresolved(struct scene *scene)
{
    size_t count = 0, open = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    for (size_t i = 0; i < count; i++)
        open += incidents[i].state != INCIDENT_RESOLVED;
    return open;
}

struct moving {
    struct scene *scene;
    enum event_state to;
};

static enum err move_run(struct db *db, void *context, struct err_note *note)
{
    const struct moving *moving = context;
    const struct scene *scene = moving->scene;
    TRY(event_move(db, &scene->ann, "demo", moving->to, scene->start_ms, note));
    return alerts_event_moved(db, &scene->ann, "demo", moving->to, scene->start_ms + 5000);
}

static void move(struct scene *scene, enum event_state to)
{
    scene_write(scene, move_run, &(struct moving){scene, to});
    alerts_refresh(scene->alerts);
}

IN_BOTH_PLACES(an_event_that_is_over_has_no_open_incident_and_its_rules_rest)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    move(scene, EVENT_OVER);
    struct incident ended = newest(scene);
    CHECK_INT(ended.state, INCIDENT_RESOLVED);
    CHECK_INT(ended.resolution, RESOLUTION_EVENT_OVER);
    CHECK_TEXT(ended.resolved_by, "Ann");
    scene_wait_published(scene, 2);
    CHECK(strstr(scene->last_published, "\"resolution\":\"event over\"") != NULL);
    struct rule late = scene_rule("late", "zone.*:density");
    scene_add_rule(scene, &late);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);

    move(scene, EVENT_RUNNING); /* closed by mistake */
    scene_say_one(scene, STAGE, 2000, 9);
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 2);
}

IN_BOTH_PLACES(a_rule_that_rests_is_not_decided_by_even_when_the_evaluator_was_not_told)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 1);
    scene_settle(scene);
    scene_write(scene, move_run, &(struct moving){scene, EVENT_OVER});
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 0);
}

static enum err remove_event_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct scene *scene = context;
    return alerts_event_removed(db, &scene->ann, "demo", scene->start_ms + 5000);
}

IN_BOTH_PLACES(an_event_that_is_removed_takes_its_rules_with_it)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    scene_write(scene, remove_event_run, scene);
    CHECK_INT(newest(scene).resolution, RESOLUTION_EVENT_REMOVED);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
}

IN_BOTH_PLACES(a_zone_that_is_removed_has_no_alarms_any_more)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.no_data_after_ms = 3600 * 1000;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    scene_edit(scene, VENUE_PART_ZONE, VENUE_REMOVE, "stage-a", NULL);
    scene_say_one(scene, STAGE, 1000, 9); /* was on its way */
    scene_settle(scene);
    scene_say_one(scene, STAGE, 2000, 9);
    scene_settle(scene);
    struct incident ended = newest(scene);
    CHECK_INT(scene_incident_count(scene), 1);
    CHECK_INT(ended.state, INCIDENT_RESOLVED);
    CHECK_INT(ended.resolution, RESOLUTION_ZONE_REMOVED);
    CHECK_TEXT(ended.resolved_by, "");
}

IN_BOTH_PLACES(a_device_that_is_removed_is_not_missed_any_more)
{
    struct rule rule = scene_rule("hot", "lift-3:temperature");
    rule.no_data_after_ms = 1;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_wait_published(scene, 1);
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_REMOVE, "lift-3", NULL);
    scene_wait_published(scene, 2);
    CHECK_INT(newest(scene).resolution, RESOLUTION_DEVICE_REMOVED);
    /* The same after a new start: nobody waits for what is not there. */
    scene_shut(scene);
    scene_reopen(scene);
    scene_start_venues(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 0, 1);
    scene_settle(scene);
    scene_say_one(scene, STAGE, 1000, 1);
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 0);
}

IN_BOTH_PLACES(a_venue_that_is_removed_ends_what_was_in_it_and_nothing_else)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    struct rule total = scene_rule("full", "venue.*:people");
    SCOPED(scene) scene = scene_open(make);
    scene_add_rule(scene, &rule);
    scene_add_rule(scene, &total);
    scene_start_venues(scene);
    scene_start_alerts(scene);
    struct reading readings[] = {{STAGE, 0, 9}, {"venue.park:people", 0, 9}};
    scene_say(scene, readings, COUNT_OF(readings));
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 2);
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_REMOVE, "lift-3", NULL);
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 2);
    scene_edit(scene, VENUE_PART_VENUE, VENUE_REMOVE, NULL, NULL);
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 0);
}

IN_BOTH_PLACES(why_an_incident_ended_is_told)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_say_one(scene, STAGE, 1000, 1);
    scene_settle(scene);
    CHECK_INT(newest(scene).resolution, RESOLUTION_RECOVERED);
    scene_say_one(scene, STAGE, 2000, 9);
    scene_settle(scene);
    CHECK_INT(newest(scene).resolution, RESOLUTION_NONE);
    CHECK_INT(scene_resolve(scene, 2), ERR_NONE);
    CHECK_INT(newest(scene).resolution, RESOLUTION_BY_HAND);
}

/* Its last readings were on their way when it went; the alarm of a zone that is not there would be missed
 * for ever. */
IN_BOTH_PLACES(late_readings_of_what_was_removed_make_no_alarm_again)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    scene_edit(scene, VENUE_PART_ZONE, VENUE_REMOVE, "stage-a", NULL);
    scene_settle(scene);
    alerts_refresh(scene->alerts); /* otherwise within a second */
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(unresolved(scene), 0);
    CHECK_INT(scene_incident_count(scene), 1);
}
