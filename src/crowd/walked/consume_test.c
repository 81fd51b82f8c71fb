// SPDX-License-Identifier: Apache-2.0
/* The consumer itself, on real stores: chunks are written as the crowd writes them. */
#include "base/clock.h"
#include "crowd/crowd.h"
#include "crowd/paths.h"
#include "crowd/tracks/log.h"
#include "crowd/tracks/table.h"
#include "readings/pack.h"
#include "store/place_test.h"
#include "venues/venues_edit.h"

#define T0          1700000400000LL
#define PATIENCE_MS 20000

static struct err_note note;

struct house {
    struct store *main, *telemetry;
    struct venues *venues;
    struct paths *paths;
};

static void put(struct house *house, enum venue_part part, const char *id, const char *text)
{
    SCOPED_JSON *document = NULL;
    CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    struct venue_edit edit = {.part = part,
                              .action = VENUE_PUT,
                              .event = "demo",
                              .venue = "park",
                              .id = id,
                              .document = document};
    CHECK_INT(venues_edit(house->venues, &edit, &note), ERR_NONE);
}

static void open_paths(struct house *house)
{
    const struct paths_options options = {.telemetry_store = house->telemetry,
                                          .venues = house->venues};
    CHECK_INT(paths_open(&options, &house->paths, &note), ERR_NONE);
}

static void house_open(struct house *house, const struct place *place)
{
    const struct store_module telemetry[] = {crowd_store_module, paths_store_module};
    *house = (struct house){0};
    house->main = place_open_part(place, "main", &venues_store_module, 1);
    house->telemetry = place_open_part(place, "telemetry", telemetry, 2);
    CHECK_INT(venues_open(house->main, &house->venues, &note), ERR_NONE);
    put(house, VENUE_PART_VENUE, NULL, "{}");
    put(house, VENUE_PART_ZONE, "bar",
        "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}"
        "}");
    open_paths(house);
}

static void house_close(struct house *house)
{
    paths_close(house->paths);
    venues_close(house->venues);
    store_close(house->telemetry);
    store_close(house->main);
}

static enum err write_row(struct db *db, void *context, struct err_note *run_note)
{
    (void)run_note;
    return track_row_write(db, context);
}

/* So many people stand in the bar for ten seconds. */
static void write_chunk(struct house *house, int index, int people)
{
    struct track_log log;
    struct track_row row = {.event = "demo", .venue = "park"};
    row.from_ms = T0 + index * (int64_t)TRACK_CHUNK_MS;
    track_log_init(&log, 1);
    for (int i = 0; i < 20; i++) {
        int64_t at_ms = row.from_ms + 500 * i;
        struct tracker_fix fixes[16];
        for (int k = 0; k < people; k++)
            fixes[k] = (struct tracker_fix){at_ms, {.id = (uint64_t)k + 1, .x = 1 + k, .y = 5}};
        const struct crowd_scene_fixes settled = {
            .fixes = fixes, .count = (size_t)people, .step_times = &at_ms, .step_count = 1};
        CHECK_INT(track_log_add(&log, &settled), 0);
    }
    struct track_chunk *chunk = track_log_due(&log, INT64_MAX);
    CHECK_INT(track_chunk_pack(chunk, &row.bytes, &row.len), ERR_NONE);
    CHECK_INT(store_write(house->telemetry, write_row, &row, &note), ERR_NONE);
    mem_free(row.bytes);
    track_log_fini(&log);
}

static void wait_idle(struct house *house)
{
    CHECK_INT(paths_wait_idle(house->paths, clock_now_ms() + PATIENCE_MS), ERR_NONE);
}

static const struct paths_query QUERY = {
    .event = "demo", .venue = "park", .from_ms = T0, .to_ms = T0 + 3600000, .now_ms = T0 + 3600000};

ON_BOTH_ENGINES(visits_that_go_on_over_a_restart_are_counted_once_and_as_long_as_they_were)
{
    struct house house;
    struct paths_dwell dwell;
    struct paths_heat heat;
    house_open(&house, place);
    for (int i = 0; i < 12; i++) {
        write_chunk(&house, i, 5);
        if (i % 4 != 1)
            continue;
        wait_idle(&house);
        paths_close(house.paths);
        open_paths(&house);
    }
    for (int i = 12; i < 16; i++)
        write_chunk(&house, i, 0);
    wait_idle(&house);
    CHECK_INT(paths_dwell(house.paths, &QUERY, NULL, &dwell), ERR_NONE);
    CHECK_INT(dwell.count, 1);
    CHECK_TEXT(dwell.zones[0].zone, "bar");
    struct dwell_summary summary = dwell_summarise(&dwell.zones[0].dwell);
    CHECK_INT(summary.censored, 5); /* nobody saw them leave */
    CHECK_INT(summary.finished, 0);
    size_t longest = 0;
    for (size_t i = 0; i < DWELL_BUCKETS; i++)
        longest = dwell.zones[0].dwell.censored[i] > 0 ? i : longest;
    CHECK_INT(dwell.zones[0].dwell.censored[longest], 5); /* all two minutes */
    CHECK_INT(longest, 99);                               /* from 1.05 ^ 98 = 119.3 s on */
    CHECK_INT(paths_heat(house.paths, &QUERY, 1, &heat), ERR_NONE);
    CHECK_INT(heat.covered_ms, 16 * TRACK_CHUNK_MS);
    CHECK_NEAR(heat_person_seconds(heat.heat, (struct point){1.5, 5.5}), 119.5, 1e-9);
    paths_heat_fini(&heat);
    paths_dwell_fini(&dwell);
    house_close(&house);
}

static enum err forget_chunks(struct db *db, void *context, struct err_note *run_note)
{
    (void)context;
    (void)run_note;
    return sql_run(db, "DELETE FROM crowd_track");
}

ON_BOTH_ENGINES(chunks_that_are_gone_before_they_are_followed_are_not_covered)
{
    struct house house;
    struct paths_heat heat;
    house_open(&house, place);
    write_chunk(&house, 0, 2);
    wait_idle(&house);
    paths_close(house.paths);
    write_chunk(&house, 1, 2);
    CHECK_INT(store_write(house.telemetry, forget_chunks, NULL, &note), ERR_NONE);
    open_paths(&house);
    write_chunk(&house, 2, 2);
    wait_idle(&house);
    CHECK_INT(paths_heat(house.paths, &QUERY, 1, &heat), ERR_NONE);
    CHECK_INT(heat.covered_ms, 2 * TRACK_CHUNK_MS);
    CHECK_NEAR(heat_person_seconds(heat.heat, (struct point){1.5, 5.5}), 19, 1e-9);
    paths_heat_fini(&heat);
    house_close(&house);
}
