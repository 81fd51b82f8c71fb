// SPDX-License-Identifier: Apache-2.0
#include "alerts/alerts_internal.h"
#include "alerts/scene_test.h"
#include "base/clock.h"

struct opening {
    struct scene *scene;
    const struct rule *rule;
    const char *series;
    int64_t at_ms;
};

static enum err open_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct opening *opening = context;
    int64_t now_ms = opening->scene->start_ms + opening->at_ms;
    struct alarm alarm = {.state = ALARM_FIRING,
                          .cause = ALARM_CAUSE_THRESHOLD,
                          .since_ms = now_ms - 3000,
                          .at_ms = now_ms,
                          .value = 5.5};
    struct incident_cause cause = {opening->rule, "park", opening->series, &alarm};
    return incident_open(db, &cause, now_ms);
}

static enum err recover_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct opening *opening = context;
    struct alarm alarm = {.at_ms = 1, .value = 3};
    struct incident_cause cause = {opening->rule, "park", opening->series, &alarm};
    return incident_follow(db, &cause, TRANSITION_RESOLVED,
                           opening->scene->start_ms + opening->at_ms);
}

static void open_at(struct scene *scene, const struct rule *rule, const char *series, int64_t at_ms)
{
    scene_write(scene, open_run, &(struct opening){scene, rule, series, at_ms});
}

static const char STAGE[] = "zone.stage-a:density";

IN_BOTH_PLACES(one_rule_and_series_has_one_incident_open_at_most)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    for (int i = 0; i < 3; i++)
        open_at(scene, &rule, STAGE, 1000 * i);
    CHECK_INT(scene_incident_count(scene), 1);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 1);
    struct rule other = scene_rule("very-dense", "zone.*:density");
    open_at(scene, &rule, "zone.gate:density", 3000);
    open_at(scene, &other, STAGE, 3000);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 3);
    CHECK_INT(incidents[0].id, 3); /* breaches without end use up no numbers */
}

IN_BOTH_PLACES(a_resolved_incident_makes_room_for_the_next)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    open_at(scene, &rule, STAGE, 0);
    scene_write(scene, recover_run, &(struct opening){scene, &rule, STAGE, 1000});
    open_at(scene, &rule, STAGE, 2000);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(count, 2);
    CHECK_INT(incidents[0].id, 2);
    CHECK_INT(incidents[0].state, INCIDENT_OPEN);
    CHECK_INT(incidents[1].state, INCIDENT_RESOLVED);
    CHECK_TEXT(incidents[1].resolved_by, "");
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 3);
}

IN_BOTH_PLACES(a_person_acknowledges_and_resolves_once_each)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    open_at(scene, &rule, STAGE, 0);
    CHECK_INT(scene_acknowledge(scene, 2), ERR_NOT_FOUND);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_NONE);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_CONFLICT);
    CHECK_INT(scene_resolve(scene, 1), ERR_NONE);
    CHECK_INT(scene_resolve(scene, 1), ERR_CONFLICT);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_CONFLICT);

    struct db *db = store_reader_take(scene->main_store);
    struct transition *timeline = NULL;
    size_t count = 0;
    struct incident incident;
    CHECK_INT(incident_timeline(db, "demo", 1, &timeline, &count), ERR_NONE);
    CHECK_INT(incident_find(db, "demo", 1, &incident), ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(count, 3);
    CHECK_INT(timeline[0].kind, TRANSITION_OPENED);
    CHECK_NEAR(timeline[0].value, 5.5, 0);
    CHECK_INT(timeline[1].kind, TRANSITION_ACKNOWLEDGED);
    CHECK_TEXT(timeline[1].by, "Ann");
    CHECK_INT(timeline[2].kind, TRANSITION_RESOLVED);
    CHECK_TEXT(incident.resolved_by, "Ann");
    CHECK_INT(incident.acknowledged_ms, scene->start_ms + 8000);
    mem_free(timeline);
}

IN_BOTH_PLACES(an_acknowledgement_can_be_taken_back_and_both_are_remembered)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    open_at(scene, &rule, STAGE, 0);
    CHECK_INT(scene_unacknowledge(scene, 1), ERR_CONFLICT);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_NONE);
    CHECK_INT(scene_unacknowledge(scene, 2), ERR_NOT_FOUND);
    CHECK_INT(scene_unacknowledge(scene, 1), ERR_NONE);
    CHECK_INT(scene_unacknowledge(scene, 1), ERR_CONFLICT);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(incidents[0].state, INCIDENT_OPEN);
    CHECK_INT(incidents[0].acknowledged_ms, 0);
    CHECK_TEXT(incidents[0].acknowledged_by, "");
    CHECK_INT(incidents[0].updated_ms, scene->start_ms + 8500);

    struct db *db = store_reader_take(scene->main_store);
    int64_t audited = 0;
    CHECK_INT(sql_one_int(db, &audited,
                          "SELECT COUNT(*) FROM audit WHERE action = 'incident.unacknowledged'"),
              ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(audited, 1);
    CHECK_INT(place_record_count(scene->main_store, "incidents"), 3);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_NONE);
    CHECK_INT(scene_resolve(scene, 1), ERR_NONE);
    CHECK_INT(scene_unacknowledge(scene, 1), ERR_CONFLICT);
}

/* Housekeeping tells nobody: asked until it has done its work, ten seconds at most. */
static void wait_until(struct scene *scene, size_t (*count)(struct scene *scene), size_t wanted)
{
    int64_t deadline_us = clock_monotonic_us() + 10 * 1000 * 1000;
    while (count(scene) != wanted && clock_monotonic_us() < deadline_us) {
        LOCKED(&scene->lock);
        (void)signal_wait_until(&scene->published, &scene->lock, clock_monotonic_us() + 20000);
    }
    CHECK_INT(count(scene), wanted);
}

static size_t transition_count(struct scene *scene)
{
    int64_t count = 0;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(sql_one_int(db, &count, "SELECT COUNT(*) FROM alert_transition"), ERR_NONE);
    store_reader_give(scene->main_store, db);
    return (size_t)count;
}

IN_BOTH_PLACES(old_incidents_go_with_their_timelines_but_open_ones_stay)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    open_at(scene, &rule, STAGE, 0);
    scene_write(scene, recover_run, &(struct opening){scene, &rule, STAGE, 1000});
    open_at(scene, &rule, STAGE, 2000);
    incidents_keep(scene->main_store, 60000); /* the scene started an hour ago */
    wait_until(scene, scene_incident_count, 1);
    wait_until(scene, transition_count, 1);
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK_INT(incidents[0].id, 2);
    CHECK_INT(incidents[0].state, INCIDENT_OPEN);
}

static enum err take_last_news(void *context, struct stream_record *record)
{
    CHECK_TEXT(record->key, "demo");
    return incident_news_read(record, context);
}

IN_BOTH_PLACES(a_record_tells_what_the_incident_is_and_whom_to_tell)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    open_at(scene, &rule, STAGE, 5000);
    struct incident_news news;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(stream_read(db, "incidents", stream_shard_of("demo"), 0, 10, take_last_news, &news),
              ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(news.transition.kind, TRANSITION_OPENED);
    CHECK_INT(news.recipient_count, 1);
    CHECK_TEXT(news.recipients[0], "duty@example.org");
    CHECK_INT(news.incident.id, 1);
    CHECK_TEXT(news.incident.zone, "stage-a");
    CHECK_TEXT(news.incident.measure, "density");
    CHECK_TEXT(news.incident.venue, "park");
    CHECK_NEAR(news.incident.value, 5.5, 0);
    CHECK_INT(news.incident.since_ms, scene->start_ms + 2000);
    CHECK_INT(news.incident.acknowledged_ms, 0);
}

struct changing {
    struct scene *scene;
    const struct rule *rule;
};

static enum err update_run(struct db *db, void *context, struct err_note *note)
{
    struct changing *changing = context;
    return rule_update(db, &changing->scene->ann, changing->rule, changing->scene->start_ms + 1000,
                       note);
}

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    struct changing *changing = context;
    return rule_remove(db, &changing->scene->ann, "demo", changing->rule->id,
                       changing->scene->start_ms + 1000, note);
}

static int first_state(struct scene *scene)
{
    size_t count = 0;
    SCOPED_MEM struct incident *incidents = scene_incidents(scene, &count);
    CHECK(count >= 1);
    return incidents[0].state;
}

IN_BOTH_PLACES(a_rule_that_moves_on_leaves_no_incident_open)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    open_at(scene, &rule, STAGE, 0);
    rule.threshold = 6;
    scene_write(scene, update_run, &(struct changing){scene, &rule});
    CHECK_INT(first_state(scene), INCIDENT_OPEN);
    rule.is_enabled = false;
    scene_write(scene, update_run, &(struct changing){scene, &rule});
    CHECK_INT(first_state(scene), INCIDENT_RESOLVED);
    open_at(scene, &rule, STAGE, 0);
    CHECK_INT(first_state(scene), INCIDENT_OPEN);
    scene_write(scene, remove_run, &(struct changing){scene, &rule});
    CHECK_INT(first_state(scene), INCIDENT_RESOLVED);
    CHECK_INT(store_write(scene->main_store, remove_run, &(struct changing){scene, &rule}, NULL),
              ERR_NOT_FOUND);
}

static enum err insert_run(struct db *db, void *context, struct err_note *note)
{
    struct changing *changing = context;
    return rule_insert(db, &changing->scene->ann, changing->rule, 1, note);
}

IN_BOTH_PLACES(rules_are_kept_as_they_were_given)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.no_data_after_ms = 7000;
    rule.recovery = 3.25;
    scene_add_rule(scene, &rule);
    CHECK_INT(store_write(scene->main_store, insert_run, &(struct changing){scene, &rule}, NULL),
              ERR_CONFLICT);
    struct rule read, *list = NULL;
    size_t count = 0;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(rule_find(db, "demo", "dense", &read), ERR_NONE);
    CHECK_INT(rule_find(db, "demo", "other", &read), ERR_NOT_FOUND);
    CHECK_INT(rule_list(db, "demo", "", 10, &list, &count), ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(count, 1);
    CHECK_TEXT(list[0].series, "zone.*:density");
    CHECK_INT(list[0].no_data_after_ms, 7000);
    CHECK_NEAR(list[0].recovery, 3.25, 0);
    CHECK_TEXT(list[0].recipients[0], "duty@example.org");
    mem_free(list);
}

IN_BOTH_PLACES(incidents_are_listed_by_state_newest_first)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "*:load");
    const char *series[] = {"a:load", "b:load", "c:load"};
    for (size_t i = 0; i < COUNT_OF(series); i++)
        open_at(scene, &rule, series[i], 0);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_NONE);
    CHECK_INT(scene_resolve(scene, 2), ERR_NONE);
    static const struct {
        unsigned states;
        int64_t before;
        int count, first;
    } LISTS[] = {{0, 0, 3, 3}, {0, 3, 2, 2}, {1, 0, 1, 3},
                 {2, 0, 1, 1}, {4, 0, 1, 2}, {3, 0, 2, 3}};
    struct db *db = store_reader_take(scene->main_store);
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        struct incident *incidents = NULL;
        size_t count = 0;
        struct incident_filter filter = {LISTS[i].states, LISTS[i].before, 10};
        CHECK_INT(incident_list(db, "demo", &filter, &incidents, &count), ERR_NONE);
        CHECK_INT(count, LISTS[i].count);
        CHECK_INT(incidents[0].id, LISTS[i].first);
        mem_free(incidents);
    }
    store_reader_give(scene->main_store, db);
}
