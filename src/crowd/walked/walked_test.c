// SPDX-License-Identifier: Apache-2.0
/* People walk through four zones for half an hour; whatever happens meanwhile, they are counted once. */
#include "base/random.h"
#include "crowd/builders.h"
#include "crowd/tracks/log.h"
#include "crowd/walked/ask.h"
#include "crowd/walked/tables.h"
#include "readings/pack.h"
#include "store/place_test.h"

#include <math.h>

#define T0     (1700000000000LL / PATHS_HOUR_MS * PATHS_HOUR_MS + 50 * PATHS_MINUTE_MS)
#define CHUNKS 180
#define PEOPLE 40

static struct err_note note;

static const struct zone_box BOXES[] = {{"bar", 0, 0, 20, 10},
                                        {"gate", 0, 10, 20, 20},
                                        {"lawn", 20, 10, 40, 20},
                                        {"stage", 20, 0, 40, 10}};
static const char *const NO_CAMERAS[] = {NULL};

/* Three stand still all the time; the others walk, and are lost for a minute every ten, after which
 * they are somebody else. */
static bool place_of(int k, int64_t s, uint64_t *out_id, struct point *out_place)
{
    int64_t phase = s + 37 * k;
    *out_id = (uint64_t)(1000 * (k + 1) + (k < 3 ? 0 : phase / 600));
    *out_place = k < 3 ? (struct point){5 + k, 5}
                       : (struct point){20 + 21 * sin((double)s / 97 + k),
                                        10 + 9 * sin((double)s / 61 + 2 * k)};
    return k < 3 || phase % 600 > 60;
}

static struct detection_batch *chunk_of(int index)
{
    struct detection_batch *batch = batch_create();
    batch->is_in_metres = true;
    batch->scale_xy = TRACK_LOG_METRES;
    for (int f = 0; f < 20; f++) {
        int64_t at_ms = index * (int64_t)TRACK_CHUNK_MS + 500 * f;
        for (int k = 0; k < PEOPLE; k++) {
            struct batch_person person = {0};
            struct point place;
            uint64_t id;
            if (!place_of(k, at_ms / 1000, &id, &place))
                continue;
            person.track = (int64_t)id;
            CHECK(batch_quantise(place.x, batch->scale_xy, &person.x));
            CHECK(batch_quantise(place.y, batch->scale_xy, &person.y));
            CHECK_INT(batch_put_person(batch, &person), ERR_NONE);
        }
        CHECK_INT(batch_close_frame(batch, T0 + at_ms), ERR_NONE);
    }
    return batch;
}

struct follower {
    struct store *store;
    struct venue_view *view;
    struct walked_venue *venue;
    bool must_fail; /* the transaction */
};

static enum err load(void *context, const char *event, const char *venue,
                     const struct walked_progress *progress)
{
    struct follower *follower = context;
    walked_venue_destroy(follower->venue);
    follower->venue = walked_venue_create(event, venue, progress, 0);
    return ERR_NONE;
}

static enum err number(struct db *db, void *context, struct err_note *run_note)
{
    struct follower *follower = context;
    uint16_t *numbers = mem_new_array(follower->view->zone_count + 1, sizeof *numbers);
    (void)run_note;
    TRY(walked_number_zones(db, follower->view, numbers));
    walked_venue_adopt(follower->venue, follower->view, numbers);
    return ERR_NONE;
}

static enum err write_effects(struct db *db, void *context, struct err_note *run_note)
{
    struct follower *follower = context;
    (void)run_note;
    TRY(walked_write(db, follower->venue));
    return follower->must_fail ? ERR_INVALID : ERR_NONE;
}

/* As a process that starts. */
static void start(struct follower *follower)
{
    walked_venue_destroy(follower->venue);
    follower->venue = NULL;
    struct db *db = store_reader_take(follower->store);
    CHECK_INT(walked_each(db, load, follower), ERR_NONE);
    store_reader_give(follower->store, db);
    if (follower->venue == NULL)
        follower->venue = walked_venue_create("demo", "park", &(struct walked_progress){0}, 0);
}

static void take(struct follower *follower, const struct detection_batch *chunk, int index,
                 int64_t position)
{
    if (walked_venue_needs_plan(follower->venue, follower->view, position))
        CHECK_INT(store_write(follower->store, number, follower, &note), ERR_NONE);
    walked_venue_take(follower->venue, chunk, T0 + index * (int64_t)TRACK_CHUNK_MS, position, 0);
}

enum death { DEATH_NONE, DEATH_BEFORE, DEATH_WITHIN, DEATH_AFTER };

/* The record after the last whose effects are there; where it died, the first that a new process reads. */
static int64_t step(struct follower *follower, int64_t position, enum death death)
{
    struct walked_venue *venue = follower->venue;
    if (walked_venue_wants(venue, position)) {
        SCOPED_BATCH *chunk = chunk_of((int)position - 1);
        take(follower, chunk, (int)position - 1, position);
    }
    follower->must_fail = death == DEATH_WITHIN;
    bool is_written = venue->has_effects && death != DEATH_BEFORE;
    if (is_written)
        CHECK_INT(store_write(follower->store, write_effects, follower, &note),
                  follower->must_fail ? ERR_INVALID : ERR_NONE);
    if (is_written && death == DEATH_NONE)
        walked_venue_settle(venue);
    if (death == DEATH_NONE)
        return position + 1;
    start(follower);
    return MAX(1, follower->venue->progress.floor_position);
}

static void finish(struct follower *follower)
{
    int64_t late_ms = 2 * WALKED_SILENT_MS + T0 + CHUNKS * (int64_t)TRACK_CHUNK_MS;
    follower->must_fail = false;
    walked_venue_wait(follower->venue, late_ms);
    CHECK(follower->venue->has_effects);
    CHECK_INT(store_write(follower->store, write_effects, follower, &note), ERR_NONE);
    walked_venue_destroy(follower->venue);
    shared_unref(&follower->view->shared);
}

static struct follower follower_at(const struct place *place, const char *name)
{
    struct follower follower = {.store = place_open_part(place, name, &paths_store_module, 1),
                                .view = build_view(BOXES, COUNT_OF(BOXES), NO_CAMERAS)};
    start(&follower);
    return follower;
}

/* --- everything that is there afterwards --- */

#define PAIRS_MAX 64

struct outcome {
    struct paths_heat heat;
    struct paths_dwell dwell;
    struct trip_pair pairs[PAIRS_MAX];
    struct trips_told told;
};

static const struct paths_query EVER = {.event = "demo",
                                        .venue = "park",
                                        .from_ms = T0,
                                        .to_ms = T0 + 40 * PATHS_MINUTE_MS,
                                        .now_ms = T0};

/* Of all hours, whoever may know. */
static void sum_trips(struct db *db, struct outcome *outcome)
{
    struct sql_rows rows;
    SCOPED(trips) sum = trips_create();
    CHECK_INT(sql_query(db, &rows, "SELECT data FROM crowd_trips"), ERR_NONE);
    while (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        SCOPED(trips) hour = NULL;
        CHECK_INT(trips_unpack(bytes, len, &hour), ERR_NONE);
        trips_sum(sum, hour);
    }
    CHECK_INT(sql_end(&rows), ERR_NONE);
    outcome->told = trips_tell_pairs(sum, 0, outcome->pairs, PAIRS_MAX);
}

static void look(struct store *store, struct outcome *outcome)
{
    struct db *db = store_reader_take(store);
    CHECK_INT(ask_heat(db, &EVER, 1, PATHS_HOUR_MS, &outcome->heat), ERR_NONE);
    CHECK_INT(ask_dwell(db, &EVER, NULL, &outcome->dwell), ERR_NONE);
    sum_trips(db, outcome);
    store_reader_give(store, db);
}

static void outcome_fini(struct outcome *outcome)
{
    paths_heat_fini(&outcome->heat);
    paths_dwell_fini(&outcome->dwell);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    const struct heat *x = a->heat.heat, *y = b->heat.heat;
    CHECK_INT(a->heat.covered_ms, b->heat.covered_ms);
    CHECK_INT(x->outside_ms, y->outside_ms);
    CHECK(memcmp(x->person_ms, y->person_ms, sizeof(uint64_t) * x->grid.columns * x->grid.rows) ==
          0);
    CHECK_INT(a->dwell.count, b->dwell.count);
    for (size_t z = 0; z < a->dwell.count; z++)
        CHECK(memcmp(&a->dwell.zones[z].dwell, &b->dwell.zones[z].dwell, sizeof(struct dwell)) ==
              0);
    CHECK_INT(a->told.count, b->told.count);
    CHECK_INT(a->told.people, b->told.people);
    CHECK(memcmp(a->pairs, b->pairs, a->told.count * sizeof *a->pairs) == 0);
}

static uint64_t visits_of(const struct paths_zone_dwell *zone)
{
    struct dwell_summary summary = dwell_summarise(&zone->dwell);
    return summary.finished + summary.censored;
}

ON_BOTH_ENGINES(killed_again_and_again_nothing_is_lost_and_nothing_there_twice)
{
    struct follower calm = follower_at(place, "calm"), killed = follower_at(place, "killed");
    struct random_sequence random = {.state = 11};
    size_t deaths = 0;
    for (int64_t position = 1; position <= CHUNKS;)
        position = step(&calm, position, DEATH_NONE);
    for (int64_t position = 1; position <= CHUNKS;) {
        enum death death = deaths < 25 && random_below(&random, 12) == 0
                               ? (enum death)(1 + random_below(&random, 3))
                               : DEATH_NONE;
        deaths += death != DEATH_NONE;
        position = step(&killed, position, death);
    }
    CHECK_INT(deaths, 25);
    finish(&calm);
    finish(&killed);
    struct outcome expected, found;
    look(calm.store, &expected);
    look(killed.store, &found);
    CHECK_INT(expected.heat.covered_ms, CHUNKS * TRACK_CHUNK_MS);
    CHECK_INT(expected.dwell.count, 4);
    CHECK(visits_of(&expected.dwell.zones[0]) > 50 && expected.told.people > 50);
    check_same(&expected, &found);
    outcome_fini(&expected);
    outcome_fini(&found);
    store_close(calm.store);
    store_close(killed.store);
}

static int64_t row_count(struct store *store, const char *sql)
{
    int64_t count = -1;
    struct db *db = store_reader_take(store);
    CHECK_INT(sql_one_int(db, &count, sql), ERR_NONE);
    store_reader_give(store, db);
    return count;
}

/* The whole of heat, in seconds of people. */
static double person_seconds(const struct heat *heat)
{
    uint64_t sum_ms = heat->outside_ms;
    for (size_t i = 0; i < (size_t)heat->grid.columns * heat->grid.rows; i++)
        sum_ms += heat->person_ms[i];
    return (double)sum_ms / 1000;
}

ON_BOTH_ENGINES(an_hour_is_the_sum_of_its_minutes_and_any_period_is_told_from_both)
{
    struct follower follower = follower_at(place, "fold");
    for (int64_t position = 1; position <= CHUNKS;)
        position = step(&follower, position, DEATH_NONE);
    /* Ten minutes of the first hour; the second goes on. */
    CHECK_INT(row_count(follower.store, "SELECT COUNT(*) FROM crowd_heat_hour"), 1);
    CHECK_INT(row_count(follower.store, "SELECT COUNT(*) FROM crowd_heat_minute"), 30);
    struct db *db = store_reader_take(follower.store);
    struct paths_heat all, by_minutes = {0}, old;
    CHECK_INT(ask_heat(db, &EVER, 1, PATHS_HOUR_MS, &all), ERR_NONE);
    for (int m = 0; m < 30; m++) {
        struct paths_query query = EVER;
        struct paths_heat minute;
        query.from_ms += m * PATHS_MINUTE_MS + 1;
        query.to_ms = query.from_ms + 1;
        CHECK_INT(ask_heat(db, &query, 1, PATHS_HOUR_MS, &minute), ERR_NONE);
        CHECK_INT(minute.from_ms, T0 + m * PATHS_MINUTE_MS);
        CHECK_INT(minute.covered_ms, PATHS_MINUTE_MS);
        if (by_minutes.heat == NULL)
            by_minutes.heat = TAKE(minute.heat);
        else
            CHECK_INT(heat_sum(by_minutes.heat, minute.heat), ERR_NONE);
        paths_heat_fini(&minute);
    }
    CHECK_NEAR(person_seconds(all.heat), person_seconds(by_minutes.heat), 1e-6);
    CHECK_INT(all.covered_ms, 30 * PATHS_MINUTE_MS);
    /* Of days ago only whole hours are told. */
    struct paths_query query = EVER;
    query.now_ms = T0 + 100 * PATHS_HOUR_MS;
    query.to_ms = T0 + 60000;
    CHECK_INT(ask_heat(db, &query, 8, PATHS_HOUR_MS, &old), ERR_NONE);
    CHECK_INT(old.from_ms, T0 - 50 * PATHS_MINUTE_MS);
    CHECK_INT(old.to_ms, T0 + 10 * PATHS_MINUTE_MS);
    CHECK_INT(old.covered_ms, 10 * PATHS_MINUTE_MS);
    CHECK(old.heat->grid.cell_m == 8 && old.heat->grid.columns == 5);
    paths_heat_fini(&all);
    paths_heat_fini(&by_minutes);
    paths_heat_fini(&old);
    store_reader_give(follower.store, db);
    finish(&follower);
    store_close(follower.store);
}

ON_BOTH_ENGINES(trips_are_told_of_hours_that_are_over_and_of_five_people_or_more)
{
    struct follower follower = follower_at(place, "trips");
    for (int64_t position = 1; position <= CHUNKS;)
        position = step(&follower, position, DEATH_NONE);
    struct paths_trips trips;
    struct trip_pair pairs[PAIRS_MAX];
    struct db *db = store_reader_take(follower.store);
    CHECK_INT(ask_trips(db, &EVER, &trips), ERR_NONE);
    CHECK_INT(trips.from_ms, T0 - 50 * PATHS_MINUTE_MS);
    CHECK_INT(trips.to_ms, T0 + 10 * PATHS_MINUTE_MS); /* the next is not over */
    CHECK_INT(trips.report.part_count, 1);
    struct trips_told told = trips_tell_pairs(trips.report.pairs, 0, pairs, PAIRS_MAX);
    for (size_t i = 0; i < told.count; i++)
        CHECK(pairs[i].people >= 5);
    CHECK(told.people + trips.report.pairs_withheld > 0);
    CHECK_TEXT(trips.zones[0], "bar");
    paths_trips_fini(&trips);
    store_reader_give(follower.store, db);
    finish(&follower);
    store_close(follower.store);
}

static struct dwell_summary dwell_in(struct store *store, const char *zone, uint64_t *out_inside)
{
    struct db *db = store_reader_take(store);
    struct paths_dwell dwell;
    CHECK_INT(ask_dwell(db, &EVER, zone, &dwell), ERR_NONE);
    CHECK_INT(dwell.count, 1);
    struct dwell_summary summary = dwell_summarise(&dwell.zones[0].dwell);
    *out_inside = dwell.zones[0].inside;
    paths_dwell_fini(&dwell);
    store_reader_give(store, db);
    return summary;
}

ON_BOTH_ENGINES(who_is_still_inside_counts_as_staying_and_is_told_once)
{
    struct follower follower = follower_at(place, "inside");
    uint64_t inside;
    for (int64_t position = 1; position <= 30;)
        position = step(&follower, position, DEATH_NONE);
    struct dwell_summary now = dwell_in(follower.store, "bar", &inside);
    CHECK(inside >= 3 && now.censored >= inside); /* the three who stand there, too */
    walked_venue_wait(follower.venue, 10 * PATHS_HOUR_MS);
    CHECK_INT(store_write(follower.store, write_effects, &follower, &note), ERR_NONE);
    walked_venue_settle(follower.venue);
    struct dwell_summary later = dwell_in(follower.store, "bar", &inside);
    CHECK_INT(inside, 0);
    /* Those who were inside are told, as lost there or, outside for a moment, as gone. */
    CHECK(later.finished + later.censored == now.finished + now.censored);
    finish(&follower);
    store_close(follower.store);
}

ON_BOTH_ENGINES(a_chunk_that_is_gone_is_missing_in_what_is_covered_and_nothing_else_breaks)
{
    struct follower follower = follower_at(place, "gone");
    struct outcome outcome;
    for (int64_t position = 1; position <= CHUNKS;) {
        if (position % 10 != 0) {
            position = step(&follower, position, DEATH_NONE);
            continue;
        }
        take(&follower, NULL, (int)position - 1, position);
        position++;
    }
    finish(&follower);
    look(follower.store, &outcome);
    CHECK_INT(outcome.heat.covered_ms, CHUNKS / 10 * 9 * TRACK_CHUNK_MS);
    outcome_fini(&outcome);
    store_close(follower.store);
}

ON_BOTH_ENGINES(other_zones_end_what_was_open_and_keep_their_numbers)
{
    struct follower follower = follower_at(place, "zones");
    static const struct zone_box OTHERS[] = {
        {"bar", 0, 0, 10, 10}, {"new", -30, 0, -10, 10}, {"stage", 20, 0, 80, 10}};
    uint64_t inside;
    for (int64_t position = 1; position <= 20;)
        position = step(&follower, position, DEATH_NONE);
    struct dwell_summary before = dwell_in(follower.store, "bar", &inside);
    shared_unref(&follower.view->shared);
    follower.view = build_view(OTHERS, COUNT_OF(OTHERS), NO_CAMERAS);
    (void)step(&follower, 21, DEATH_NONE);
    struct dwell_summary after = dwell_in(follower.store, "bar", &inside);
    CHECK_INT(after.finished + after.censored, before.finished + before.censored + inside);
    CHECK_INT(row_count(follower.store, "SELECT number FROM crowd_walk_zone WHERE zone = 'stage'"),
              3);
    CHECK_INT(row_count(follower.store, "SELECT number FROM crowd_walk_zone WHERE zone = 'new'"),
              4);
    /* The plan is another, and so the grid; the minute adds up all the same. */
    CHECK_INT(row_count(follower.store, "SELECT COUNT(DISTINCT grid) FROM crowd_heat_minute"), 2);
    struct outcome outcome;
    look(follower.store, &outcome);
    CHECK_INT(outcome.heat.covered_ms, 21 * TRACK_CHUNK_MS);
    CHECK(outcome.heat.heat->grid.low.x == -30 && outcome.heat.heat->grid.columns == 110);
    outcome_fini(&outcome);
    finish(&follower);
    store_close(follower.store);
}

/* Of the first hour, whoever may know. */
static uint64_t journeys_of_the_first_hour(struct store *store)
{
    struct sql_rows rows;
    struct trip_pair pairs[PAIRS_MAX];
    struct trips_told told = {0};
    struct db *db = store_reader_take(store);
    CHECK_INT(sql_query(db, &rows, "SELECT data FROM crowd_trips WHERE hour_ms < $1", SQL_INT(T0)),
              ERR_NONE);
    while (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        SCOPED(trips) hour = NULL;
        CHECK_INT(trips_unpack(bytes, len, &hour), ERR_NONE);
        told = trips_tell_pairs(hour, 0, pairs, PAIRS_MAX);
    }
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
    return told.people;
}

ON_BOTH_ENGINES(what_comes_late_counts_in_its_own_minute_and_hour_but_no_told_trip_changes)
{
    struct follower follower = follower_at(place, "late");
    for (int64_t position = 1;
         position <= 100;) /* the second hour has begun, the first is closed */
        position = step(&follower, position, DEATH_NONE);
    int64_t hour_covered = row_count(follower.store, "SELECT covered_ms FROM crowd_heat_hour");
    uint64_t journeys = journeys_of_the_first_hour(follower.store);
    SCOPED_BATCH *chunk = chunk_of(-3);
    take(&follower, chunk, -3, 101);
    CHECK_INT(store_write(follower.store, write_effects, &follower, &note), ERR_NONE);
    walked_venue_settle(follower.venue);
    CHECK_INT(row_count(follower.store, "SELECT covered_ms FROM crowd_heat_hour"),
              hour_covered + TRACK_CHUNK_MS);
    struct paths_query query = EVER;
    struct paths_heat heat;
    query.from_ms = T0 - PATHS_MINUTE_MS;
    query.to_ms = T0;
    struct db *db = store_reader_take(follower.store);
    CHECK_INT(ask_heat(db, &query, 1, PATHS_HOUR_MS, &heat), ERR_NONE);
    store_reader_give(follower.store, db);
    CHECK_INT(heat.covered_ms, TRACK_CHUNK_MS);
    CHECK(person_seconds(heat.heat) > 300); /* some 37 people, 9.5 s each */
    /* Also of those who have been seen since. */
    CHECK_NEAR(heat_person_seconds(heat.heat, (struct point){5.5, 5.5}), 9.5, 1e-9);
    paths_heat_fini(&heat);
    finish(&follower);
    CHECK_INT(journeys_of_the_first_hour(follower.store), journeys);
    CHECK_INT(row_count(follower.store, "SELECT COUNT(*) FROM crowd_trips"), 2);
    store_close(follower.store);
}

/* People of ways that fewer than five took. */
static uint64_t few_of(struct store *store)
{
    struct sql_rows rows;
    uint64_t people = 0;
    struct db *db = store_reader_take(store);
    CHECK_INT(sql_query(db, &rows, "SELECT data FROM crowd_trips"), ERR_NONE);
    while (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        SCOPED(trips) hour = NULL;
        struct trip_way ways[TRIPS_WAYS_MAX];
        CHECK_INT(trips_unpack(bytes, len, &hour), ERR_NONE);
        struct trips_told told = trips_tell_ways(hour, 0, ways, COUNT_OF(ways));
        for (size_t i = 0; i < told.count; i++)
            people += ways[i].people < TRIPS_ANONYMITY ? ways[i].people : 0;
    }
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
    return people;
}

static void wait_until(struct follower *follower, int64_t now_ms)
{
    walked_venue_wait(follower->venue, now_ms);
    CHECK(follower->venue->has_effects);
    CHECK_INT(store_write(follower->store, write_effects, follower, &note), ERR_NONE);
    walked_venue_settle(follower->venue);
}

ON_BOTH_ENGINES(few_peoples_ways_that_come_after_the_last_hour_was_over_are_forgotten_too)
{
    struct follower follower = follower_at(place, "few");
    for (int64_t position = 1; position <= CHUNKS;)
        position = step(&follower, position, DEATH_NONE);
    int64_t over_ms = T0 + 70 * PATHS_MINUTE_MS + WALKED_SILENT_MS; /* the second hour */
    wait_until(&follower, over_ms);
    CHECK_INT(few_of(follower.store), 0);
    for (int late = 0; late < 20; late++) {
        SCOPED_BATCH *chunk = chunk_of(late - 30);
        take(&follower, chunk, late - 30, CHUNKS + 1 + late);
    }
    wait_until(&follower, over_ms);
    CHECK(few_of(follower.store) > 0); /* their hour goes on */
    start(&follower);
    wait_until(&follower, over_ms + PATHS_HOUR_MS);
    CHECK_INT(few_of(follower.store), 0);
    shared_unref(&follower.view->shared);
    walked_venue_destroy(follower.venue);
    store_close(follower.store);
}
