// SPDX-License-Identifier: Apache-2.0
/* A database whose events were made before rules rested with them, and before each began with a rule. */
#include "accounts/accounts.h"
#include "alerts/scene_test.h"
#include "base/text.h"
#include "events/events.h"

static const char STAGE[] = "zone.stage-a:density";

static enum err add_event(struct db *db, const char *id, enum event_state last,
                          struct err_note *note)
{
    const struct actor ann = {.name = "Ann"};
    struct event event;
    event_defaults(&event);
    event.starts_at_ms = 1;
    event.ends_at_ms = 86400000;
    (void)text_copy(event.id, sizeof event.id, id);
    (void)text_copy(event.name, sizeof event.name, id);
    TRY(event_insert(db, &ann, &event, 1, note));
    for (int state = EVENT_PUBLISHED; state <= (int)last; state++)
        TRY(event_move(db, &ann, id, (enum event_state)state, 1, note));
    return ERR_NONE;
}

/* What the third version of the tables held: "past" is over with an alarm open, "clean" had its default
 * rule removed, "next" is being prepared. */
static enum err found_older_run(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    const struct actor ann = {.name = "Ann"};
    struct rule rule = scene_rule("dense", "zone.*:density");
    TRY(add_event(db, "past", EVENT_OVER, note));
    TRY(add_event(db, "clean", EVENT_RUNNING, note));
    TRY(add_event(db, "next", EVENT_DRAFT, note));
    (void)text_copy(rule.event, sizeof rule.event, "past");
    TRY(rule_insert(db, &ann, &rule, 1, note));
    TRY(sql_run(db, "UPDATE alert_rule SET is_resting = 0"));
    TRY(sql_run(db,
                "INSERT INTO alert_incident (event, id, rule, rule_name, venue, series, severity,"
                " cause, direction, threshold, recovery, value, is_silent, since_ms, opened_ms,"
                " updated_ms, acknowledged_ms, acknowledged_by, resolved_ms, resolved_by) VALUES"
                " ('past', 1, 'dense', 'Too dense', 'park', $1, 2, 0, 0, 5, 4, 9, 0, 1, 1, 1, 0,"
                " '', 0, '')",
                SQL_TEXT(STAGE)));
    TRY(alerts_event_made(db, &ann, "clean", 1, note));
    return rule_remove(db, &ann, "clean", "device-silent", 2, note);
}

/* As an installation of then left it. */
static void scene_make_older(struct scene *scene)
{
    struct store_module older = alerts_store_module;
    older.migration_count = 3;
    struct store_module modules[] = {accounts_store_module, events_store_module,
                                     venues_store_module, older};
    struct store *store = place_open(&scene->main_place, modules, COUNT_OF(modules));
    struct err_note note = {0};
    if (store_write(store, found_older_run, NULL, &note) != ERR_NONE)
        fail_msg("%s: %s", note.place, note.detail);
    store_close(store);
}

static struct scene *older_scene(place_maker make)
{
    struct scene *scene = mem_new(sizeof *scene);
    scene->main_place = *make();
    scene->main_place.url = mem_text(scene->main_place.url);
    scene->telemetry_place = *make();
    scene->telemetry_place.url = mem_text(scene->telemetry_place.url);
    lock_init(&scene->lock);
    signal_init(&scene->published);
    scene_make_older(scene);
    scene_reopen(scene);
    return scene;
}

static enum err rule_of(struct scene *scene, const char *event)
{
    struct rule rule;
    struct db *db = store_reader_take(scene->main_store);
    enum err err = rule_find(db, event, "device-silent", &rule);
    store_reader_give(scene->main_store, db);
    return err;
}

static int64_t one_int(struct scene *scene, const char *sql)
{
    int64_t value = -1;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(sql_one_int(db, &value, sql), ERR_NONE);
    store_reader_give(scene->main_store, db);
    return value;
}

IN_BOTH_PLACES(events_of_an_older_database_become_like_new_ones_once)
{
    SCOPED(scene) scene = older_scene(make);
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_older_event"), 3);
    scene_start_alerts(scene);
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_older_event"), 0);
    CHECK_INT(rule_of(scene, "past"), ERR_NONE);
    CHECK_INT(rule_of(scene, "next"), ERR_NONE);
    CHECK_INT(rule_of(scene, "clean"), ERR_NOT_FOUND); /* somebody wanted it so */
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_rule"
                             " WHERE event = 'past' AND is_resting = 1"),
              2);
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_rule"
                             " WHERE event <> 'past' AND is_resting = 1"),
              0);
    struct incident incident;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(incident_find(db, "past", 1, &incident), ERR_NONE);
    store_reader_give(scene->main_store, db);
    CHECK_INT(incident.state, INCIDENT_RESOLVED);
    CHECK_INT(incident.resolution, RESOLUTION_EVENT_OVER);
    CHECK_TEXT(incident.resolved_by, "");

    CHECK_INT(place_write(scene->main_store, "DELETE FROM alert_rule WHERE event = 'next'"),
              ERR_NONE);
    scene_shut(scene);
    scene_reopen(scene);
    scene_start_alerts(scene);
    CHECK_INT(rule_of(scene, "next"), ERR_NOT_FOUND); /* not at every start */
}

IN_BOTH_PLACES(a_new_database_has_no_older_events)
{
    SCOPED(scene) scene = scene_open(make);
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_older_event"), 0);
    scene_shut(scene);
    scene_reopen(scene);
    CHECK_INT(one_int(scene, "SELECT COUNT(*) FROM alert_older_event"), 0);
}
