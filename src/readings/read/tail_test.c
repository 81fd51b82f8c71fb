// SPDX-License-Identifier: Apache-2.0
/* What reading adds from the stream behind history: only where it can stand, and only so much. No
 * consumer runs here, so that history is as far behind as can be. */
#include "base/json.h"
#include "base/text.h"
#include "readings/history/stage_test.h"
#include "readings/readings_internal.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <stdio.h>

#define FILLER_BYTES (1000 * 1000)

static void put_part(struct venues *venues, enum venue_part part, const char *venue, const char *id,
                     const char *document)
{
    SCOPED_JSON *json = NULL;
    struct err_note note = {0};
    CHECK_INT(json_parse(document, strlen(document), &json, &note), ERR_NONE);
    struct venue_edit edit = {.part = part,
                              .action = VENUE_PUT,
                              .event = "demo",
                              .venue = venue,
                              .id = id,
                              .document = json};
    CHECK_INT(venues_edit(venues, &edit, &note), ERR_NONE);
}

#define FLOOR "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[50,0],[50,40],[0,40],[0,0]]]}"
#define VENUE                                                                                      \
    "{\"name\":\"V\",\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"            \
    "\"Feature\",\"properties\":{\"kind\":\"floor\"},\"geometry\":" FLOOR "}]}}"
#define ZONE   "{\"name\":\"Z\",\"polygon\":" FLOOR "}"
#define CAMERA "{\"name\":\"C\",\"kind\":\"camera\"}"

ON_BOTH_ENGINES(only_the_shards_of_the_venue_asked_for_are_read)
{
    struct err_note note = {0};
    struct store *store = place_open(place, &venues_store_module, 1);
    struct readings readings = {.store = store};
    CHECK_INT(venues_open(store, &readings.venues, &note), ERR_NONE);
    put_part(readings.venues, VENUE_PART_VENUE, "park", NULL, VENUE);
    put_part(readings.venues, VENUE_PART_VENUE, "foyer", NULL, VENUE);
    put_part(readings.venues, VENUE_PART_DEVICE, "park", "cam-1", CAMERA);
    put_part(readings.venues, VENUE_PART_ZONE, "foyer", "stage", ZONE);
    unsigned park = 1U << stream_shard_of("demo/park");
    unsigned foyer = 1U << stream_shard_of("demo/foyer");
    CHECK(park != foyer);
    CHECK_INT(shards_of_device(&readings, "demo", "cam-1"), park);
    CHECK_INT(shards_of_device(&readings, "demo", "cam-9"), HISTORY_ALL_SHARDS);
    CHECK_INT(shards_of_series(&readings, "demo", "cam-1:temperature"), park);
    CHECK_INT(shards_of_series(&readings, "demo", "zone.stage:people"), foyer);
    CHECK_INT(shards_of_series(&readings, "demo", "venue.park:people"), park);
    CHECK_INT(shards_of_series(&readings, "demo", "zone.gone:people"), HISTORY_ALL_SHARDS);
    CHECK_INT(shards_of_event(&readings, "demo"), park | foyer);
    CHECK_INT(shards_of_event(&readings, "other"), HISTORY_ALL_SHARDS);
    venues_close(readings.venues);
    store_close(store);
}

static void remove_part(struct venues *venues, enum venue_part part, const char *venue,
                        const char *id)
{
    struct venue_edit edit = {
        .part = part, .action = VENUE_REMOVE, .event = "demo", .venue = venue, .id = id};
    CHECK_INT(venues_edit(venues, &edit, NULL), ERR_NONE);
}

ON_BOTH_ENGINES(what_was_moved_is_also_read_where_it_stood_before)
{
    struct store *store = place_open(place, &venues_store_module, 1);
    struct readings readings = {.store = store};
    CHECK_INT(venues_open(store, &readings.venues, NULL), ERR_NONE);
    struct venues *venues = readings.venues;
    unsigned park = 1U << stream_shard_of("demo/park");
    unsigned foyer = 1U << stream_shard_of("demo/foyer");
    unsigned hall = 1U << stream_shard_of("demo/dock");
    CHECK(park != foyer && foyer != hall && hall != park);
    put_part(venues, VENUE_PART_VENUE, "park", NULL, VENUE);
    put_part(venues, VENUE_PART_VENUE, "foyer", NULL, VENUE);
    put_part(venues, VENUE_PART_VENUE, "dock", NULL, VENUE);
    put_part(venues, VENUE_PART_DEVICE, "park", "cam-1", CAMERA);
    put_part(venues, VENUE_PART_DEVICE, "foyer", "cam-2", CAMERA);
    put_part(venues, VENUE_PART_ZONE, "park", "stage", ZONE);
    remove_part(venues, VENUE_PART_DEVICE, "park", "cam-1");
    remove_part(venues, VENUE_PART_ZONE, "park", "stage");
    put_part(venues, VENUE_PART_DEVICE, "foyer", "cam-1", CAMERA);
    put_part(venues, VENUE_PART_ZONE, "foyer", "stage", ZONE);
    CHECK_INT(shards_of_device(&readings, "demo", "cam-1"), park | foyer);
    CHECK_INT(shards_of_series(&readings, "demo", "cam-1:temperature"), park | foyer);
    CHECK_INT(shards_of_series(&readings, "demo", "zone.stage:people"), park | foyer);
    CHECK_INT(shards_of_device(&readings, "demo", "cam-2"), foyer);
    remove_part(venues, VENUE_PART_VENUE, "foyer", NULL); /* with all that stands in it */
    put_part(venues, VENUE_PART_DEVICE, "dock", "cam-2", CAMERA);
    put_part(venues, VENUE_PART_ZONE, "dock", "stage", ZONE);
    CHECK_INT(shards_of_device(&readings, "demo", "cam-2"), foyer | hall);
    CHECK_INT(shards_of_series(&readings, "demo", "zone.stage:people"), park | foyer | hall);
    CHECK_INT(shards_of_event(&readings, "demo"), park | foyer | hall);
    venues_close(venues);
    store_close(store);
}

static enum err count_record(void *context, struct stream_record *record)
{
    (void)record;
    ++*(size_t *)context;
    return ERR_NONE;
}

static size_t visit_all(struct store *store, unsigned shards, bool *out_is_behind)
{
    size_t count = 0;
    struct db *db = store_reader_take(store);
    CHECK_INT(history_read_tail(db,
                                &(struct history_tail){.stream = "readings",
                                                       .shards = shards,
                                                       .visit = count_record,
                                                       .context = &count},
                                out_is_behind),
              ERR_NONE);
    store_reader_give(store, db);
    return count;
}

struct filling {
    const char *key;
    const char *body;
    size_t count;
};

static enum err fill(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct filling *filling = context;
    for (size_t i = 0; i < filling->count; i++)
        TRY(stream_append(db,
                          &(struct stream_append){.stream = HISTORY_STREAM_READINGS,
                                                  .key = filling->key,
                                                  .kind = "filler",
                                                  .body = filling->body,
                                                  .body_len = strlen(filling->body)},
                          NULL));
    return ERR_NONE;
}

static void put_fillers(struct store *store, const char *key, size_t bytes, size_t count)
{
    SCOPED_MEM char *body = mem_new(bytes + 1);
    memset(body, 'x', bytes);
    struct filling filling = {.key = key, .body = body, .count = count};
    CHECK_INT(store_write(store, fill, &filling, NULL), ERR_NONE);
}

ON_BOTH_ENGINES(a_tail_is_read_page_by_page_from_the_shards_asked_for)
{
    struct store *store = place_open(place, &readings_store_module, 1);
    unsigned park = 1U << stream_shard_of("demo/park");
    bool is_behind = true;
    put_fillers(store, "demo/park", 10, 600);
    put_fillers(store, "demo/foyer", 10, 1);
    CHECK_INT(visit_all(store, park, &is_behind), 600);
    CHECK(!is_behind);
    CHECK_INT(visit_all(store, HISTORY_ALL_SHARDS, &is_behind), 601);
    CHECK_INT(visit_all(store, HISTORY_ALL_SHARDS & ~park, &is_behind), 1);
    store_close(store);
}

static enum err put_value(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return readings_append(db, "demo", "park", context, 1, NULL);
}

static size_t points_of(struct readings *readings, bool *out_is_behind)
{
    struct series_query query = {
        .event = "demo", .series = "lift-3:load", .from_ms = START_MS, .to_ms = START_MS + 1000};
    struct series_point *points = NULL;
    size_t count = 0;
    struct answer_extent extent;
    CHECK_INT(readings_query(readings, &query, &points, &count, &extent, NULL), ERR_NONE);
    CHECK_INT(extent.next_ms, 0);
    mem_free(points);
    *out_is_behind = extent.is_behind;
    return count;
}

ON_BOTH_ENGINES(an_answer_tells_when_history_is_too_far_behind_for_the_newest)
{
    struct store *store = place_open(place, &readings_store_module, 1);
    struct readings readings = {.store = store};
    struct reading reading = {"lift-3:load", START_MS, 1};
    bool is_behind = true;
    CHECK_INT(store_write(store, put_value, &reading, NULL), ERR_NONE);
    CHECK_INT(points_of(&readings, &is_behind), 1);
    CHECK(!is_behind);
    put_fillers(store, "demo/park", FILLER_BYTES, LIMIT_TAIL_BYTES / FILLER_BYTES + 1);
    reading.at_ms++;
    CHECK_INT(store_write(store, put_value, &reading, NULL), ERR_NONE);
    CHECK_INT(points_of(&readings, &is_behind), 1);
    CHECK(is_behind);
    store_close(store);
}
