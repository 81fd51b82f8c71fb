// SPDX-License-Identifier: Apache-2.0
/* alerts/scene_test.h — an event "demo", which runs, with a venue "park" (its zone stage-a is the "Main
 * stage", its sensor lift-3 the "Glass lift") for the tests of alerts and notify: its two stores, and short
 * words for what happens there. Times are milliseconds after the scene's start. */
#pragma once
#include "alerts/alerts.h"
#include "base/lock.h"
#include "base/test.h"
#include "store/place_test.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

struct scene {
    struct place main_place, telemetry_place;
    struct store *main_store, *telemetry_store;
    struct venues *venues; /* after scene_start_venues(); without, whatever is heard is there */
    struct alerts *alerts; /* after scene_start_alerts() */
    struct actor ann;
    int64_t start_ms;
    struct publisher publisher;
    struct lock lock;
    struct signal published;
    int64_t published_count; /* live messages */
    char last_published[4096];
};

typedef struct place *(*place_maker)(void);
struct scene *scene_open(place_maker make_place);
void scene_reopen(struct scene *scene); /* as after a restart */
void scene_shut(struct scene *scene);   /* alerts and stores */
void scene_destroy(struct scene *scene);
DEFINE_SCOPED(scene)

/* A rule for an event "demo" that fires at 5 and recovers at 4, without hold times. */
struct rule scene_rule(const char *id, const char *series);
void scene_add_rule(struct scene *scene, const struct rule *rule);
void scene_write(struct scene *scene,
                 enum err (*run)(struct db *db, void *context, struct err_note *note),
                 void *context);

void scene_start_venues(struct scene *scene);
void scene_start_alerts(struct scene *scene);
void scene_edit(struct scene *scene, enum venue_part part, enum venue_action action, const char *id,
                const char *document);
/* Readings of venue "park", at milliseconds after the start: one record, committed. */
void scene_say(struct scene *scene, const struct reading *readings, size_t count);
void scene_say_one(struct scene *scene, const char *series, int64_t at_ms, double value);
/* Until all of it is decided and published. */
void scene_settle(struct scene *scene);

/* All incidents, newest first; mem_free(). */
struct incident *scene_incidents(struct scene *scene, size_t *out_count);
size_t scene_incident_count(struct scene *scene);
enum err scene_resolve(struct scene *scene, int64_t incident);
enum err scene_acknowledge(struct scene *scene, int64_t incident);
enum err scene_unacknowledge(struct scene *scene, int64_t incident);
/* Until that many live messages were published in all; fails after ten seconds. */
void scene_wait_published(struct scene *scene, int64_t count);

#define IN_BOTH_PLACES(sentence)                                                                   \
    static void sentence##_body(place_maker make);                                                 \
    TEST(sentence##_on_sqlite)                                                                     \
    {                                                                                              \
        sentence##_body(place_sqlite);                                                             \
    }                                                                                              \
    TEST(sentence##_on_postgres)                                                                   \
    {                                                                                              \
        sentence##_body(place_postgres);                                                           \
    }                                                                                              \
    static void sentence##_body(place_maker make)
