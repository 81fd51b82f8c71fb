// SPDX-License-Identifier: Apache-2.0
#include "alerts/scene_test.h"

#include "accounts/accounts.h"
#include "base/clock.h"
#include "base/text.h"
#include "events/events.h"

extern const struct store_module notify_store_module __attribute__((weak));

static void heard(void *context, const char *topic, enum publish_kind kind, const char *json,
                  size_t len)
{
    struct scene *scene = context;
    if (strcmp(topic, "events/demo/incidents") != 0)
        return;
    LOCKED(&scene->lock);
    CHECK_INT(kind, PUBLISH_EVENT);
    scene->published_count++;
    (void)snprintf(scene->last_published, sizeof scene->last_published, "%.*s", (int)len, json);
    signal_wake_all(&scene->published);
}

void scene_reopen(struct scene *scene)
{
    struct store_module modules[5] = {accounts_store_module, events_store_module,
                                      venues_store_module, alerts_store_module};
    size_t count = 4;
    if (&notify_store_module != NULL)
        modules[count++] = notify_store_module;
    scene->main_store = place_open(&scene->main_place, modules, count);
    scene->telemetry_store = place_open(&scene->telemetry_place, modules, 0);
}

static enum err found_run(struct db *db, void *context, struct err_note *note)
{
    const struct scene *scene = context;
    struct event event;
    event_defaults(&event);
    event.starts_at_ms = scene->start_ms;
    event.ends_at_ms = scene->start_ms + 86400000;
    (void)text_copy(event.id, sizeof event.id, "demo");
    (void)text_copy(event.name, sizeof event.name, "Sound & Light");
    TRY(event_insert(db, &(struct actor){.name = "Ann"}, &event, 1, note));
    TRY(event_move(db, &scene->ann, "demo", EVENT_PUBLISHED, scene->start_ms, note));
    return event_move(db, &scene->ann, "demo", EVENT_RUNNING, scene->start_ms, note);
}

static enum err edit_run(struct db *db, void *context, struct err_note *note)
{
    return venue_edit_run(db, context, note);
}

void scene_edit(struct scene *scene, enum venue_part part, enum venue_action action, const char *id,
                const char *document)
{
    SCOPED_JSON *json = NULL;
    if (document != NULL)
        CHECK_INT(json_parse(document, strlen(document), &json, NULL), ERR_NONE);
    struct venue_edit edit = {.part = part,
                              .action = action,
                              .event = "demo",
                              .venue = "park",
                              .id = id,
                              .document = json};
    scene_write(scene, edit_run, &edit);
    if (scene->venues != NULL)
        venues_refresh(scene->venues, "demo", "park");
}

/* The venue "park" with a stage and a lift. */
static void found_venue(struct scene *scene)
{
    scene_edit(scene, VENUE_PART_VENUE, VENUE_PUT, NULL, "{\"name\":\"Riverside park\"}");
    scene_edit(scene, VENUE_PART_ZONE, VENUE_PUT, "stage-a",
               "{\"name\":\"Main stage\",\"polygon\":{\"type\":\"Polygon\",\"coordinates\":"
               "[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}}");
    scene_edit(scene, VENUE_PART_DEVICE, VENUE_PUT, "lift-3",
               "{\"name\":\"Glass lift\",\"kind\":\"sensor\"}");
}

struct scene *scene_open(place_maker make_place)
{
    struct scene *scene = mem_new(sizeof *scene);
    scene->main_place = *make_place();
    scene->main_place.url = mem_text(scene->main_place.url);
    scene->telemetry_place = *make_place();
    scene->telemetry_place.url = mem_text(scene->telemetry_place.url);
    scene->start_ms = clock_now_ms() - 3600 * 1000;
    scene->ann = (struct actor){.person_id = 1, .name = "Ann"};
    scene->publisher = (struct publisher){.publish = heard, .context = scene};
    lock_init(&scene->lock);
    signal_init(&scene->published);
    scene_reopen(scene);
    scene_write(scene, found_run, scene);
    found_venue(scene);
    return scene;
}

void scene_start_alerts(struct scene *scene)
{
    struct alerts_options options = {.main_store = scene->main_store,
                                     .telemetry_store = scene->telemetry_store,
                                     .venues = scene->venues,
                                     .publisher = &scene->publisher};
    struct err_note note = {0};
    CHECK_INT(alerts_open(&options, &scene->alerts, &note), ERR_NONE);
}

void scene_start_venues(struct scene *scene)
{
    CHECK_INT(venues_open(scene->main_store, &scene->venues, NULL), ERR_NONE);
}

struct saying {
    const struct reading *readings;
    size_t count;
};

static enum err say_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct saying *saying = context;
    return readings_append(db, "demo", "park", saying->readings, saying->count, NULL);
}

void scene_say(struct scene *scene, const struct reading *readings, size_t count)
{
    struct reading *shifted = mem_copy(readings, count * sizeof *readings);
    for (size_t i = 0; i < count; i++)
        shifted[i].at_ms += scene->start_ms;
    enum err err =
        store_write(scene->telemetry_store, say_run, &(struct saying){shifted, count}, NULL);
    mem_free(shifted);
    CHECK_INT(err, ERR_NONE);
}

void scene_say_one(struct scene *scene, const char *series, int64_t at_ms, double value)
{
    scene_say(scene, &(struct reading){.series = series, .at_ms = at_ms, .value = value}, 1);
}

void scene_settle(struct scene *scene)
{
    CHECK_INT(alerts_wait_idle(scene->alerts, clock_now_ms() + 20000), ERR_NONE);
}

void scene_shut(struct scene *scene)
{
    if (scene->alerts != NULL)
        alerts_close(scene->alerts);
    scene->alerts = NULL;
    if (scene->venues != NULL)
        venues_close(scene->venues);
    scene->venues = NULL;
    store_close(scene->telemetry_store);
    store_close(scene->main_store);
    scene->main_store = scene->telemetry_store = NULL;
}

void scene_destroy(struct scene *scene)
{
    if (scene == NULL)
        return;
    if (scene->main_store != NULL)
        scene_shut(scene);
    mem_free((void *)(uintptr_t)scene->main_place.url);
    mem_free((void *)(uintptr_t)scene->telemetry_place.url);
    signal_fini(&scene->published);
    lock_fini(&scene->lock);
    mem_free(scene);
}

struct rule scene_rule(const char *id, const char *series)
{
    struct rule rule = {.threshold = 5,
                        .recovery = 4,
                        .severity = SEVERITY_CRITICAL,
                        .is_enabled = true,
                        .recipient_count = 1,
                        .recipients = {"duty@example.org"}};
    (void)text_copy(rule.event, sizeof rule.event, "demo");
    (void)text_copy(rule.id, sizeof rule.id, id);
    (void)text_copy(rule.name, sizeof rule.name, "Too dense");
    (void)text_copy(rule.series, sizeof rule.series, series);
    return rule;
}

void scene_write(struct scene *scene,
                 enum err (*run)(struct db *db, void *context, struct err_note *note),
                 void *context)
{
    struct err_note note = {0};
    enum err err = store_write(scene->main_store, run, context, &note);
    if (err != ERR_NONE)
        print_error("%s: %s: %s\n", err_name(err), note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
}

struct adding {
    struct scene *scene;
    const struct rule *rule;
};

static enum err add_run(struct db *db, void *context, struct err_note *note)
{
    struct adding *adding = context;
    return rule_insert(db, &adding->scene->ann, adding->rule, adding->scene->start_ms, note);
}

void scene_add_rule(struct scene *scene, const struct rule *rule)
{
    scene_write(scene, add_run, &(struct adding){scene, rule});
}

struct incident *scene_incidents(struct scene *scene, size_t *out_count)
{
    struct db *db = store_reader_take(scene->main_store);
    CHECK(db != NULL);
    struct incident *incidents = NULL;
    struct incident_filter filter = {.count_max = 100000};
    enum err err = incident_list(db, "demo", &filter, &incidents, out_count);
    store_reader_give(scene->main_store, db);
    CHECK_INT(err, ERR_NONE);
    return incidents;
}

size_t scene_incident_count(struct scene *scene)
{
    size_t count = 0;
    mem_free(scene_incidents(scene, &count));
    return count;
}

struct by_hand {
    struct scene *scene;
    int64_t incident;
};

static enum err resolve_run(struct db *db, void *context, struct err_note *note)
{
    struct by_hand *hand = context;
    return incident_resolve(db, &hand->scene->ann, "demo", hand->incident,
                            hand->scene->start_ms + 9000, note);
}

static enum err acknowledge_run(struct db *db, void *context, struct err_note *note)
{
    struct by_hand *hand = context;
    return incident_acknowledge(db, &hand->scene->ann, "demo", hand->incident,
                                hand->scene->start_ms + 8000, note);
}

static enum err unacknowledge_run(struct db *db, void *context, struct err_note *note)
{
    struct by_hand *hand = context;
    return incident_unacknowledge(db, &hand->scene->ann, "demo", hand->incident,
                                  hand->scene->start_ms + 8500, note);
}

enum err scene_unacknowledge(struct scene *scene, int64_t incident)
{
    return store_write(scene->main_store, unacknowledge_run, &(struct by_hand){scene, incident},
                       NULL);
}

enum err scene_resolve(struct scene *scene, int64_t incident)
{
    return store_write(scene->main_store, resolve_run, &(struct by_hand){scene, incident}, NULL);
}

enum err scene_acknowledge(struct scene *scene, int64_t incident)
{
    return store_write(scene->main_store, acknowledge_run, &(struct by_hand){scene, incident},
                       NULL);
}

void scene_wait_published(struct scene *scene, int64_t count)
{
    int64_t deadline_us = clock_monotonic_us() + 10 * 1000 * 1000;
    bool is_in_time = true;
    lock_take(&scene->lock);
    while (scene->published_count < count && is_in_time)
        is_in_time = signal_wait_until(&scene->published, &scene->lock, deadline_us);
    lock_give(&scene->lock);
    CHECK(is_in_time);
}
