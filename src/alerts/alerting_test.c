// SPDX-License-Identifier: Apache-2.0
/* Readings in, incidents out: the real consumers on real stores. */
#include "alerts/alarm.h"
#include "alerts/scene_test.h"
#include "base/random.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char STAGE[] = "zone.stage-a:density";

static struct scene *scene_with(place_maker make, const struct rule *rule)
{
    struct scene *scene = scene_open(make);
    scene_add_rule(scene, rule);
    scene_start_alerts(scene);
    return scene;
}

IN_BOTH_PLACES(a_crowded_zone_opens_an_incident_and_an_empty_one_ends_it)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.hold_ms = 2000;
    SCOPED(scene) scene = scene_with(make, &rule);
    for (int second = 0; second < 2; second++)
        scene_say_one(scene, STAGE, 1000 * second, 5.2);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 0);
    scene_say_one(scene, STAGE, 2000, 5.4);
    scene_settle(scene);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK_INT(incidents[0].since_ms, scene->start_ms);
    CHECK_NEAR(incidents[0].value, 5.4, 0);
    CHECK_TEXT(incidents[0].venue, "park");
    CHECK(strstr(scene->last_published, "\"zone\":\"stage-a\"") != NULL);
    scene_say_one(scene, STAGE, 3000, 1);
    scene_settle(scene);
    CHECK_INT(scene->published_count, 2);
    CHECK(strstr(scene->last_published, "\"state\":\"resolved\"") != NULL);
}

IN_BOTH_PLACES(ten_thousand_identical_breaches_are_one_incident)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    static struct reading readings[1000];
    for (int record = 0; record < 10; record++) {
        for (int i = 0; i < 1000; i++)
            readings[i] = (struct reading){STAGE, record * 1000 + i, 9};
        scene_say(scene, readings, 1000);
    }
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 1);
    CHECK_INT(scene->published_count, 1);
}

IN_BOTH_PLACES(a_thousand_zones_in_one_second_are_a_thousand_incidents)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    static struct reading readings[1000];
    static char names[1000][32];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(names[i], sizeof names[i], "zone.z%d:density", i);
        readings[i] = (struct reading){names[i], 0, 9};
    }
    scene_say(scene, readings, 1000);
    scene_say(scene, readings, 1000);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1000);
}

IN_BOTH_PLACES(only_the_series_of_a_rule_concern_it)
{
    struct rule rule = scene_rule("hot", "lift-3:temperature");
    SCOPED(scene) scene = scene_with(make, &rule);
    struct reading readings[] = {{"lift-4:temperature", 0, 99},
                                 {"lift-3:load", 0, 99},
                                 {"zone.lift-3:temperature", 0, 99},
                                 {"lift-3:temperature", 0, 4.9}};
    scene_say(scene, readings, COUNT_OF(readings));
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 0);
    scene_say_one(scene, "lift-3:temperature", 1, 5);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
}

IN_BOTH_PLACES(a_hold_time_goes_on_through_a_restart)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.hold_ms = 5000;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_say_one(scene, STAGE, 4000, 9);
    scene_settle(scene);
    scene_shut(scene);
    scene_reopen(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 5999, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 0);
    scene_say_one(scene, STAGE, 6000, 9);
    scene_settle(scene);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK_INT(incidents[0].since_ms, scene->start_ms + 1000);
}

IN_BOTH_PLACES(what_fires_before_a_restart_is_not_told_again_after_it)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    scene_shut(scene);
    scene_reopen(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 1);
    scene_say_one(scene, STAGE, 2000, 4);
    scene_settle(scene);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 2);
}

IN_BOTH_PLACES(readings_committed_while_nobody_decides_are_decided_later)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_open(make);
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    scene_settle(scene);
    alerts_close(scene->alerts);
    scene->alerts = NULL;
    scene_say_one(scene, STAGE, 0, 9);
    scene_start_alerts(scene);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
}

IN_BOTH_PLACES(a_breach_that_lasts_fires_again_after_it_was_resolved_by_hand)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.hold_ms = 1000;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(scene_resolve(scene, 1), ERR_NONE);
    alerts_refresh(scene->alerts);
    scene_say_one(scene, STAGE, 2000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
    scene_say_one(scene, STAGE, 3000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 2);
}

IN_BOTH_PLACES(a_resolution_by_hand_counts_even_when_the_evaluator_was_not_told)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    CHECK_INT(scene_resolve(scene, 1), ERR_NONE);
    scene_say_one(scene, STAGE, 1000, 1); /* would resolve what is resolved */
    scene_settle(scene);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 2);
    scene_say_one(scene, STAGE, 2000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 2);
}

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    struct scene *scene = context;
    return rule_remove(db, &scene->ann, "demo", "dense", scene->start_ms, note);
}

IN_BOTH_PLACES(a_removed_rule_fires_no_more_even_when_the_evaluator_was_not_told)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    struct rule other = scene_rule("other", "zone.*:density");
    SCOPED(scene) scene = scene_open(make);
    scene_add_rule(scene, &rule);
    scene_add_rule(scene, &other);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 0, 1);
    scene_settle(scene);
    scene_write(scene, remove_run, scene);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK_TEXT(incidents[0].rule, "other");
}

IN_BOTH_PLACES(a_new_rule_holds_from_the_next_reading_on)
{
    struct rule other = scene_rule("other", "zone.*:people");
    SCOPED(scene) scene = scene_with(make, &other);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    alerts_refresh(scene->alerts);
    scene_say_one(scene, STAGE, 1000, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
}

IN_BOTH_PLACES(a_zone_that_falls_silent_is_an_incident_and_no_zero)
{
    struct rule rule = scene_rule("empty", "zone.*:density");
    rule.direction = RULE_BELOW;
    rule.threshold = 0.5;
    rule.recovery = 1;
    rule.no_data_after_ms = 1;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_say_one(scene, STAGE, 0, 3);
    scene_wait_published(scene, 1);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK_INT(incidents[0].cause, ALARM_CAUSE_NO_DATA);
    CHECK_NEAR(incidents[0].value, 3, 0);
    scene_say_one(scene, STAGE, 1000, 3);
    scene_wait_published(scene, 2);
    CHECK(strstr(scene->last_published, "\"state\":\"resolved\"") != NULL ||
          scene->published_count > 2);
}

IN_BOTH_PLACES(a_series_that_was_never_heard_is_missed_as_well)
{
    struct rule rule = scene_rule("hot", "lift-3:temperature");
    rule.no_data_after_ms = 1;
    SCOPED(scene) scene = scene_with(make, &rule);
    scene_wait_published(scene, 1);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 1);
    CHECK(!incidents[0].has_value);
    CHECK_TEXT(incidents[0].venue, "");
    CHECK(strstr(scene->last_published, "\"value\":null") != NULL);
}

/* --- killed in the middle --- */

static void breach_and_die(struct scene *scene)
{
    scene_reopen(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 0, 9);
    scene_wait_published(scene, 1);
    (void)raise(SIGKILL);
}

TEST(a_process_killed_after_firing_leaves_exactly_one_incident)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    SCOPED(scene) scene = scene_open(place_sqlite);
    scene_add_rule(scene, &rule);
    scene_shut(scene);
    pid_t child = fork();
    if (child == 0) {
        breach_and_die(scene);
        _exit(1);
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    scene_reopen(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 1, 9);
    scene_settle(scene);
    CHECK_INT(scene_incident_count(scene), 1);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 1);
}

/* --- random readings and restarts against the state machine alone --- */

#define SERIES 6
struct model {
    struct alarm alarms[SERIES];
    int64_t newest_ms[SERIES];
    int opened[SERIES];
};

static void say_randomly(struct scene *scene, struct model *model, const struct rule *rule,
                         struct random_sequence *chance)
{
    static const char *const NAMES[SERIES] = {"zone.a:density", "zone.b:density", "zone.c:density",
                                              "zone.d:density", "zone.e:density", "zone.f:density"};
    struct reading readings[150];
    int64_t now_ms = scene->start_ms + 3600 * 1000;
    bool is_first[SERIES] = {true, true, true, true, true, true};
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        size_t s = random_below(chance, SERIES);
        /* Never late right after a restart: the newest time of a quiet alarm is not kept. */
        int64_t late_ms = is_first[s] ? 0 : (int64_t)random_below(chance, 3) * 300;
        is_first[s] = false;
        model->newest_ms[s] += 500;
        readings[i] =
            (struct reading){NAMES[s], model->newest_ms[s] - late_ms, 4.5 + random_normal(chance)};
        unsigned news = alarm_hear(&model->alarms[s], rule, scene->start_ms + readings[i].at_ms,
                                   readings[i].value, now_ms);
        model->opened[s] += (news & ALARM_OPENED) != 0;
    }
    scene_say(scene, readings, COUNT_OF(readings));
}

static void check_model(struct scene *scene, const struct model *model)
{
    int total = 0, unresolved = 0, expected = 0, firing = 0;
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    for (size_t i = 0; i < count; i++)
        unresolved += incidents[i].state != INCIDENT_RESOLVED;
    total = (int)count;
    for (size_t s = 0; s < SERIES; s++) {
        expected += model->opened[s];
        firing += model->alarms[s].cause != ALARM_CAUSE_NONE;
    }
    CHECK_INT(total, expected);
    CHECK_INT(unresolved, firing);
}

TEST(random_readings_with_restarts_in_between_give_what_the_state_machine_gives)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.hold_ms = 900;
    rule.recovery_hold_ms = 700;
    SCOPED(scene) scene = scene_with(place_sqlite, &rule);
    struct random_sequence chance = {.state = 7};
    struct model model = {0};
    for (int round = 0; round < 12; round++) {
        say_randomly(scene, &model, &rule, &chance);
        scene_settle(scene);
        check_model(scene, &model);
        if (round % 2 == 1) {
            scene_shut(scene);
            scene_reopen(scene);
            scene_start_alerts(scene);
        }
    }
    CHECK(scene_incident_count(scene) > 10);
}
