// SPDX-License-Identifier: Apache-2.0
/* Two processes on one database: one removes a zone while the other, whose view is behind, decides on
 * the zone's last readings. Nothing is left of a zone that is not there. */
#include "alerts/evaluator.h"
#include "alerts/removed.h"
#include "alerts/scene_test.h"
#include "base/clock.h"

static const char STAGE[] = "zone.stage-a:density";

/* The process that decides; the scene itself is the one that removes. */
struct other {
    struct scene *scene;
    struct store *main_store;
    struct venues *venues;
    struct evaluator evaluator;
};

static void other_open(struct other *other, struct scene *scene)
{
    struct rule rule = scene_rule("dense", "zone.*:density");
    *other = (struct other){.scene = scene};
    scene_add_rule(scene, &rule);
    struct store *own = scene->main_store;
    struct store *telemetry = scene->telemetry_store;
    scene_reopen(scene); /* a second time: the first stays as it is */
    other->main_store = scene->main_store;
    store_close(scene->telemetry_store);
    scene->main_store = own;
    scene->telemetry_store = telemetry;
    CHECK_INT(venues_open(other->main_store, &other->venues, NULL), ERR_NONE);
    evaluator_init(&other->evaluator, &(struct silence_sources){.venues = other->venues});
}

static void other_close(struct other *other)
{
    evaluator_fini(&other->evaluator);
    venues_close(other->venues);
    store_close(other->main_store);
}

static enum err decide_record(void *context, struct stream_record *record)
{
    const struct consumer_batch batch = {
        .shard = record->shard, .records = &record, .record_count = 1, .now_ms = clock_now_ms()};
    return evaluator_decide(context, &batch);
}

/* On the newest reading; not yet written. */
static void other_decide(struct other *other, int64_t at_ms, double value)
{
    int shard = stream_shard_of("demo/park");
    int64_t last = 0;
    struct db *db = store_reader_take(other->main_store);
    CHECK_INT(evaluator_refresh(&other->evaluator, db, other->scene->start_ms), ERR_NONE);
    store_reader_give(other->main_store, db);
    scene_say_one(other->scene, STAGE, at_ms, value);
    db = store_reader_take(other->scene->telemetry_store);
    CHECK_INT(stream_last(db, "readings", shard, &last), ERR_NONE);
    CHECK_INT(stream_read(db, "readings", shard, last - 1, 1, decide_record, &other->evaluator),
              ERR_NONE);
    store_reader_give(other->scene->telemetry_store, db);
    CHECK(other->evaluator.has_changes);
}

static enum err write_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct other *other = context;
    return evaluator_write(&other->evaluator, db, clock_now_ms());
}

static enum err other_write(struct other *other)
{
    enum err err = store_write(other->main_store, write_run, other, NULL);
    if (err == ERR_NONE)
        evaluator_settle(&other->evaluator);
    return err;
}

/* And has all that is known of it ended. */
static void remove_stage(struct scene *scene)
{
    struct removed *removed = NULL;
    scene_edit(scene, VENUE_PART_ZONE, VENUE_REMOVE, "stage-a", NULL);
    CHECK_INT(removed_start(scene->main_store, &removed, NULL), ERR_NONE);
    CHECK_INT(removed_wait_idle(removed, clock_now_ms() + 20000), ERR_NONE);
    removed_stop(removed);
}

static void check_nothing_is_left(struct scene *scene)
{
    int64_t alarms = -1, unresolved = -1;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(sql_one_int(db, &alarms, "SELECT COUNT(*) FROM alert_alarm"), ERR_NONE);
    CHECK_INT(
        sql_one_int(db, &unresolved, "SELECT COUNT(*) FROM alert_incident WHERE resolved_ms = 0"),
        ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(alarms, 0);
    CHECK_INT(unresolved, 0);
}

TEST(whose_view_is_behind_makes_no_alarm_of_a_zone_that_is_gone)
{
    SCOPED(scene) scene = scene_open(place_postgres);
    struct other other;
    other_open(&other, scene);
    other_decide(&other, 0, 9);
    remove_stage(scene);
    CHECK_INT(other_write(&other), ERR_NONE);
    check_nothing_is_left(scene);
    CHECK_INT(scene_incident_count(scene), 0);
    /* Made anew it is heard, and fires, again. */
    scene_edit(scene, VENUE_PART_ZONE, VENUE_PUT, "stage-a",
               "{\"name\":\"Main stage\",\"polygon\":{\"type\":\"Polygon\",\"coordinates\":"
               "[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}}");
    venues_refresh(other.venues, "demo", "park");
    other_decide(&other, 1000, 9);
    CHECK_INT(other_write(&other), ERR_NONE);
    CHECK_INT(scene_incident_count(scene), 1);
    other_close(&other);
}

TEST(zone_that_goes_after_its_alarm_was_written_takes_it_along)
{
    SCOPED(scene) scene = scene_open(place_postgres);
    struct other other;
    other_open(&other, scene);
    other_decide(&other, 0, 9);
    CHECK_INT(other_write(&other), ERR_NONE);
    CHECK_INT(scene_incident_count(scene), 1);
    other_decide(&other, 1000, 1);
    remove_stage(scene);
    CHECK_INT(other_write(&other), ERR_CONFLICT); /* decides again, and then finds nothing */
    check_nothing_is_left(scene);
    other_close(&other);
}
