// SPDX-License-Identifier: Apache-2.0
/* What the evaluator keeps in memory, and what it does when that is not the truth any more. */
#include "alerts/evaluator.h"
#include "alerts/scene_test.h"
#include "base/clock.h"
#include "base/text.h"

static const char STAGE[] = "zone.stage-a:density";

static void refresh(struct scene *scene, struct evaluator *evaluator)
{
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(evaluator_refresh(evaluator, db, scene->start_ms), ERR_NONE);
    store_reader_give(scene->main_store, db);
}

static enum err decide_record(void *context, struct stream_record *record)
{
    const struct consumer_batch batch = {
        .shard = record->shard, .records = &record, .record_count = 1, .now_ms = clock_now_ms()};
    return evaluator_decide(context, &batch);
}

/* By the last of what was said. */
static void decide(struct scene *scene, struct evaluator *evaluator)
{
    int shard = stream_shard_of("demo/park");
    int64_t last = 0;
    struct db *db = store_reader_take(scene->telemetry_store);
    CHECK_INT(stream_last(db, "readings", shard, &last), ERR_NONE);
    CHECK_INT(stream_read(db, "readings", shard, last - 1, 1, decide_record, evaluator), ERR_NONE);
    store_reader_give(scene->telemetry_store, db);
}

static enum err write_run(struct db *db, void *evaluator, struct err_note *note)
{
    (void)note;
    return evaluator_write(evaluator, db, clock_now_ms());
}

/* A rule "dense" of which a breach is decided, but not yet written. */
static struct scene *undecided(place_maker make, struct evaluator *evaluator)
{
    struct scene *scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    evaluator_init(evaluator, &(struct silence_sources){0});
    refresh(scene, evaluator);
    scene_say_one(scene, STAGE, 0, 9);
    decide(scene, evaluator);
    CHECK(evaluator->has_changes);
    return scene;
}

static enum err write_decided(struct scene *scene, struct evaluator *evaluator)
{
    enum err err = store_write(scene->main_store, write_run, evaluator, NULL);
    if (err == ERR_NONE)
        evaluator_settle(evaluator);
    return err;
}

IN_BOTH_PLACES(another_rule_that_comes_meanwhile_disturbs_nobody)
{
    struct evaluator evaluator;
    SCOPED(scene) scene = undecided(make, &evaluator);
    struct rule other = scene_rule("other", "zone.*:people");
    scene_add_rule(scene, &other);
    CHECK_INT(write_decided(scene, &evaluator), ERR_NONE);
    CHECK_INT(scene_incident_count(scene), 1);
    CHECK_INT(evaluator.watches.count, 1); /* nothing was read inside the command */
    refresh(scene, &evaluator);
    CHECK_INT(evaluator.watches.count, 2);
    evaluator_fini(&evaluator);
}

static enum err change_run(struct db *db, void *context, struct err_note *note)
{
    struct scene *scene = context;
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.threshold = 10;
    /* At the very time of its making: that it changed must show all the same. */
    return rule_update(db, &scene->ann, &rule, scene->start_ms, note);
}

IN_BOTH_PLACES(who_decided_by_a_rule_that_changed_meanwhile_decides_again)
{
    struct evaluator evaluator;
    SCOPED(scene) scene = undecided(make, &evaluator);
    scene_write(scene, change_run, scene);
    CHECK_INT(write_decided(scene, &evaluator), ERR_CONFLICT);
    CHECK_INT(scene_incident_count(scene), 0);
    refresh(scene, &evaluator);
    decide(scene, &evaluator);
    CHECK_INT(evaluator.decision_count, 0);
    evaluator_fini(&evaluator);
}

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    struct scene *scene = context;
    return rule_remove(db, &scene->ann, "demo", "dense", scene->start_ms, note);
}

IN_BOTH_PLACES(who_decided_by_a_rule_that_was_removed_meanwhile_writes_nothing)
{
    struct evaluator evaluator;
    SCOPED(scene) scene = undecided(make, &evaluator);
    CHECK_INT(write_decided(scene, &evaluator), ERR_NONE);
    scene_say_one(scene, STAGE, 1000, 1);
    decide(scene, &evaluator);
    scene_write(scene, remove_run, scene);
    CHECK_INT(write_decided(scene, &evaluator), ERR_CONFLICT);
    evaluator_fini(&evaluator);
}

static enum err many_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct scene *scene = context;
    struct rule rule = scene_rule("dense", "zone.*:density");
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(rule.event, sizeof rule.event, "event-%d", i / 500);
        (void)snprintf(rule.id, sizeof rule.id, "rule-%03d", i % 500);
        TRY(rule_insert(db, &scene->ann, &rule, 1, NULL));
    }
    return sql_run(db, "INSERT INTO alert_alarm (event, rule, series, venue, shard, state, cause,"
                       " since_ms, at_ms, value, revision)"
                       " WITH RECURSIVE zone (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM zone"
                       " WHERE n < 500)"
                       " SELECT r.event, r.id, 'zone.z' || n || ':density', 'park', 0, 0, 0, 0, n,"
                       " n, 1 FROM alert_rule r CROSS JOIN zone");
}

TEST(a_thousand_rules_for_five_hundred_zones_are_read_in_good_time)
{
    SCOPED(scene) scene = scene_open(place_sqlite);
    scene_write(scene, many_run, scene);
    struct evaluator evaluator;
    evaluator_init(&evaluator, &(struct silence_sources){0});
    int64_t started_us = clock_monotonic_us();
    refresh(scene, &evaluator);
    int64_t first_us = clock_monotonic_us() - started_us;
    evaluator.is_stale = true;
    refresh(scene, &evaluator);
    int64_t again_us = clock_monotonic_us() - started_us - first_us;
    print_message("# read 500,000 alarms in %lld ms, and again in %lld ms\n",
                  (long long)first_us / 1000, (long long)again_us / 1000);
    CHECK_INT(watches_alarm_count(&evaluator.watches), 500000);
    struct watch *watch =
        &evaluator.watches.list[watches_place(&evaluator.watches, "event-1", "zone.*:density")];
    CHECK_TEXT(watch->rule.id, "rule-000");
    CHECK_NEAR(watched_find(watch, "zone.z77:density")->now.alarm.value, 77, 0);
    CHECK(again_us < 20 * 1000 * 1000);
    evaluator_fini(&evaluator);
}
