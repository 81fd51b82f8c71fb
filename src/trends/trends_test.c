// SPDX-License-Identifier: Apache-2.0
/* The consumer with real stores and venues: readings in, series and documents out, exactly once. */
#include "trends/trends.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/lock.h"
#include "events/events.h"
#include "readings/readings.h"
#include "store/place_test.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <math.h>
#include <stdio.h>

#define MINUTE_MS 60000LL
/* Some hours ago, so that nothing is ahead of the clock; a whole five minutes. */
static int64_t begin_ms;

struct ground { /* the venue "park": a hall with a door counter, and a yard */
    struct store *main_store, *telemetry_store;
    struct venues *venues;
    struct trends *trends;
    struct lock lock;
    size_t published; /* under lock */
    struct publisher publisher;
    size_t zones_max;
    int64_t sent; /* the last record's position */
};

static void note_published(void *context, const char *topic, enum publish_kind kind,
                           const char *json, size_t len)
{
    struct ground *ground = context;
    (void)json;
    CHECK(kind == PUBLISH_GAUGE && len > 0);
    LOCKED(&ground->lock);
    ground->published += strcmp(topic, "events/demo/venues/park/forecast") == 0;
}

/* Without a document it is removed. */
static void edit(struct ground *ground, const char *venue, enum venue_part part, const char *id,
                 const char *document)
{
    SCOPED_JSON *json = NULL;
    struct err_note note = {0};
    if (document != NULL)
        CHECK_INT(json_parse(document, strlen(document), &json, &note), ERR_NONE);
    struct venue_edit edit = {.part = part,
                              .action = document == NULL ? VENUE_REMOVE : VENUE_PUT,
                              .event = "demo",
                              .venue = venue,
                              .id = id,
                              .document = json};
    CHECK_INT(venues_edit(ground->venues, &edit, &note), ERR_NONE);
}

static void put_part(struct ground *ground, enum venue_part part, const char *id,
                     const char *document)
{
    edit(ground, "park", part, id, document);
}

#define SQUARE(x)                                                                                  \
    "{\"type\":\"Polygon\",\"coordinates\":[[[" x ",0],[" x "9,0],[" x "9,9],[" x ",9],[" x ",0]]" \
    "]}"

static void start(struct ground *ground, int64_t save_ms)
{
    struct err_note note = {0};
    const struct trends_options options = {.telemetry_store = ground->telemetry_store,
                                           .main_store = NULL,
                                           .venues = ground->venues,
                                           .publisher = &ground->publisher,
                                           .save_ms = save_ms,
                                           .zones_max = ground->zones_max};
    CHECK_INT(trends_open(&options, &ground->trends, &note), ERR_NONE);
}

static void ground_open(struct ground *ground, const struct place *place, int64_t save_ms)
{
    struct err_note note = {0};
    *ground = (struct ground){.publisher = {note_published, ground}};
    begin_ms = (clock_now_ms() - 6 * 3600000LL) / 300000 * 300000;
    lock_init(&ground->lock);
    ground->main_store = place_open_part(place, "main", &venues_store_module, 1);
    const struct store_module telemetry[] = {readings_store_module, trends_store_module};
    ground->telemetry_store = place_open_part(place, "telemetry", telemetry, COUNT_OF(telemetry));
    CHECK_INT(venues_open(ground->main_store, &ground->venues, &note), ERR_NONE);
    put_part(ground, VENUE_PART_VENUE, NULL, "{}");
    put_part(ground, VENUE_PART_ZONE, "hall",
             "{\"capacity_persons\":100,\"polygon\":" SQUARE("1") "}");
    put_part(ground, VENUE_PART_ZONE, "yard", "{\"polygon\":" SQUARE("3") "}");
    put_part(ground, VENUE_PART_DEVICE, "door",
             "{\"kind\":\"counter\",\"counts_into\":\"hall\",\"counts_from\":\"yard\"}");
    start(ground, save_ms);
}

static void ground_close(struct ground *ground)
{
    trends_close(ground->trends);
    venues_close(ground->venues);
    store_close(ground->telemetry_store);
    store_close(ground->main_store);
    lock_fini(&ground->lock);
}

struct appending {
    const char *venue;
    const struct reading *readings;
    size_t count;
    int64_t position;
};

static enum err append(struct db *db, void *context, struct err_note *note)
{
    struct appending *appending = context;
    (void)note;
    return readings_append(db, "demo", appending->venue, appending->readings, appending->count,
                           &appending->position);
}

static void send_to(struct ground *ground, const char *venue, const struct reading *readings,
                    size_t count)
{
    struct appending appending = {venue, readings, count, 0};
    struct err_note note = {0};
    CHECK_INT(store_write(ground->telemetry_store, append, &appending, &note), ERR_NONE);
    ground->sent = appending.position;
}

static void send(struct ground *ground, const struct reading *readings, size_t count)
{
    send_to(ground, "park", readings, count);
}

/* The hall's seconds of a minute, one record. */
static void count_minute(struct ground *ground, int64_t minute, double people)
{
    struct reading readings[60];
    for (int s = 0; s < 60; s++)
        readings[s] =
            (struct reading){"zone.hall:people", begin_ms + minute * MINUTE_MS + s * 1000, people};
    send(ground, readings, COUNT_OF(readings));
}

static void settle(struct ground *ground)
{
    CHECK_INT(trends_wait_idle(ground->trends, clock_now_ms() + 20000), ERR_NONE);
}

/* All that was told of a series: as "minute=value ", in the stream's order. */
struct tale {
    const char *series;
    struct text text;
    size_t count;
    double last;
};

static void note_value(void *context, const char *event, const char *venue,
                       const struct reading *reading)
{
    struct tale *tale = context;
    (void)event;
    (void)venue;
    if (strcmp(reading->series, tale->series) != 0)
        return;
    tale->count++;
    tale->last = reading->value;
    text_addf(&tale->text, "%lld=%.2f ", (long long)((reading->at_ms - begin_ms) / MINUTE_MS),
              reading->value);
}

static enum err visit_record(void *context, struct stream_record *record)
{
    return readings_visit(record, note_value, context);
}

static void read_tale(struct ground *ground, const char *series, struct tale *tale)
{
    *tale = (struct tale){.series = series};
    text_init(&tale->text, 1 << 20);
    struct db *db = store_reader_take(ground->telemetry_store);
    CHECK_INT(
        stream_read(db, "readings", stream_shard_of("demo/park"), 0, 1000000, visit_record, tale),
        ERR_NONE);
    store_reader_give(ground->telemetry_store, db);
}

static json_t *read_zone_of(struct ground *ground, const char *venue, enum trends_document document,
                            size_t index, json_t **out_document)
{
    SCOPED_TEXT text;
    text_init(&text, TRENDS_TEXT_MAX);
    struct err_note note = {0};
    CHECK_INT(trends_read(ground->trends, "demo", venue, document, &text), ERR_NONE);
    CHECK_INT(json_parse(text.bytes, text.len, out_document, &note), ERR_NONE);
    json_t *zone = json_array_get(json_object_get(*out_document, "zones"), index);
    CHECK(zone != NULL);
    return zone;
}

static json_t *read_zone(struct ground *ground, enum trends_document document, size_t index,
                         json_t **out_document)
{
    return read_zone_of(ground, "park", document, index, out_document);
}

static double number(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

ON_BOTH_ENGINES(a_venue_of_which_nothing_is_known_says_so_of_each_zone)
{
    struct ground ground;
    ground_open(&ground, place, 0);
    SCOPED_JSON *forecast = NULL;
    SCOPED_JSON *occupancy = NULL;
    json_t *zone = read_zone(&ground, TRENDS_FORECAST, 1, &forecast);
    CHECK_TEXT(json_string_value(json_object_get(zone, "id")), "yard");
    CHECK(json_is_null(json_object_get(zone, "people")));
    zone = read_zone(&ground, TRENDS_OCCUPANCY, 0, &occupancy);
    CHECK(json_is_null(json_object_get(zone, "deviation")));
    SCOPED_TEXT text;
    text_init(&text, TRENDS_TEXT_MAX);
    CHECK_INT(trends_read(ground.trends, "demo", "gone", TRENDS_FORECAST, &text), ERR_NOT_FOUND);
    ground_close(&ground);
}

ON_BOTH_ENGINES(each_increment_of_a_counter_whose_clock_is_ahead_counts)
{
    struct ground ground;
    ground_open(&ground, place, 0);
    int64_t ahead_ms = clock_now_ms() + 120000;
    const struct reading passages[] = {{"door:in", ahead_ms, 3},
                                       {"door:in", ahead_ms + 1000, 4},
                                       {"door:in", ahead_ms + 1000, 4}, /* the same again */
                                       {"door:in", ahead_ms + 2000, 5}};
    const struct reading said = {"zone.hall:occupancy_set", clock_now_ms(), 12};
    send(&ground, passages, COUNT_OF(passages));
    send(&ground, &said, 1); /* the document is told with it */
    settle(&ground);
    SCOPED_JSON *document = NULL;
    json_t *zone = read_zone(&ground, TRENDS_OCCUPANCY, 0, &document);
    json_t *door = json_array_get(json_object_get(zone, "passages"), 0);
    CHECK_NEAR(number(door, "in"), 12, 1e-9);
    CHECK(json_is_null(json_object_get(door, "fault")));
    ground_close(&ground);
}

ON_BOTH_ENGINES(a_zone_that_fills_is_told_as_series_and_document_and_live)
{
    struct ground ground;
    ground_open(&ground, place, 0);
    for (int64_t minute = 0; minute < 40; minute++)
        count_minute(&ground, minute, 10 + 2 * (double)minute);
    settle(&ground);
    struct tale tale;
    read_tale(&ground, "zone.hall:people_in_15_min", &tale);
    CHECK_INT(tale.count, 39);
    text_fini(&tale.text);
    read_tale(&ground, "zone.hall:time_to_capacity_s", &tale);
    CHECK_INT(tale.count, 39);
    CHECK_NEAR(tale.last, 7 * 60, 180);
    text_fini(&tale.text);
    read_tale(&ground, "zone.yard:occupancy", &tale);
    CHECK_INT(tale.count, 0);
    text_fini(&tale.text);
    SCOPED_JSON *document = NULL;
    json_t *zone = read_zone(&ground, TRENDS_FORECAST, 0, &document);
    CHECK_NEAR(number(zone, "people"), 86, 0.1);
    json_t *ahead = json_array_get(json_object_get(zone, "horizons"), 1);
    CHECK_NEAR(number(ahead, "minutes"), 15, 0);
    CHECK(number(ahead, "low_80") <= number(ahead, "people"));
    CHECK(number(ahead, "high_90") >= number(ahead, "high_80"));
    CHECK_TEXT(json_string_value(json_object_get(json_object_get(zone, "unusual"), "state")),
               "learning");
    lock_take(&ground.lock);
    CHECK(ground.published > 0);
    lock_give(&ground.lock);
    ground_close(&ground);
}

ON_BOTH_ENGINES(who_passes_the_door_leaves_the_yard_and_is_in_the_hall)
{
    struct ground ground;
    ground_open(&ground, place, 0);
    const struct reading readings[] = {{"door:total_in", begin_ms, 1000},
                                       {"door:total_out", begin_ms, 500},
                                       {"zone.yard:occupancy_set", begin_ms + 1000, 60},
                                       {"door:total_in", begin_ms + 30000, 1012},
                                       {"door:total_out", begin_ms + 30000, 502},
                                       {"door:temperature", begin_ms + 30000, 21},
                                       {"door:total_out", begin_ms + 55000, 99},
                                       {"door:total_out", begin_ms + 59000, 100},
                                       {"door:total_in", begin_ms + MINUTE_MS, 1012}};
    send(&ground, readings, COUNT_OF(readings));
    settle(&ground);
    SCOPED_JSON *document = NULL;
    json_t *hall = read_zone(&ground, TRENDS_OCCUPANCY, 0, &document);
    CHECK_TEXT(json_string_value(json_object_get(hall, "source")), "counters");
    SCOPED_JSON *same = NULL;
    json_t *yard = read_zone(&ground, TRENDS_OCCUPANCY, 1, &same);
    json_t *passage = json_array_get(json_object_get(hall, "passages"), 0);
    CHECK_TEXT(json_string_value(json_object_get(passage, "counter")), "door");
    CHECK_NEAR(number(passage, "in"), 12, 0);
    json_t *fault = json_object_get(passage, "fault"); /* the total of who left fell to 99 */
    CHECK_TEXT(json_string_value(json_object_get(fault, "what")), "reset");
    CHECK_NEAR(number(hall, "people"), 0, 0); /* 12 in, 2 and 100 out, never below nobody */
    CHECK_NEAR(number(hall, "counters"), 12 - 102, 0);
    CHECK_INT(json_array_size(json_object_get(hall, "faults")), 1);
    fault =
        json_array_get(json_object_get(hall, "faults"), 0); /* and it is said why that is wrong */
    CHECK_TEXT(json_string_value(json_object_get(fault, "what")), "below_zero");
    CHECK_NEAR(number(fault, "value"), 12 - 102, 0);
    CHECK(strstr(json_string_value(json_object_get(fault, "detail")), "out than in") != NULL);
    CHECK_NEAR(number(yard, "people"), 60 - 12 + 102, 0);
    CHECK_INT(json_array_size(json_object_get(yard, "faults")), 0);
    ground_close(&ground);
}

/* The same readings told whole, or cut by restarts after each few minutes. */
static void tell_in_pieces(const struct place *place, int pieces, int64_t save_ms, struct text *out)
{
    struct ground ground;
    ground_open(&ground, place, save_ms);
    for (int64_t minute = 0; minute < 60; minute++) {
        count_minute(&ground, minute, 50 + 30 * sin((double)minute / 9));
        const struct reading passed[] = {
            {"door:in", begin_ms + minute * MINUTE_MS + 500, (double)(minute % 7)},
            {"door:out", begin_ms + minute * MINUTE_MS + 500, (double)(minute % 5)}};
        send(&ground, passed, COUNT_OF(passed));
        const struct reading set = {"zone.yard:occupancy_set", begin_ms + minute * MINUTE_MS + 700,
                                    40};
        if (minute % 20 == 0)
            send(&ground, &set, 1);
        if (pieces > 0 && minute % pieces == pieces - 1) {
            if (minute % (2 * pieces) == pieces - 1)
                settle(&ground); /* else wherever it is */
            trends_close(ground.trends);
            start(&ground, save_ms);
        }
    }
    settle(&ground);
    static const char *const SERIES[] = {"zone.hall:people_in_30_min_high", "zone.hall:occupancy",
                                         "zone.yard:occupancy",
                                         "zone.hall:occupancy_disagreement_sigmas"};
    for (size_t i = 0; i < COUNT_OF(SERIES); i++) {
        struct tale tale;
        read_tale(&ground, SERIES[i], &tale);
        text_addf(out, "%s: %s\n", SERIES[i], tale.text.bytes);
        text_fini(&tale.text);
    }
    ground_close(&ground);
}

ON_BOTH_ENGINES(what_is_told_through_restarts_is_the_same_and_each_minute_once)
{
    struct place other = *place, third = *place, fourth = *place;
    (void)snprintf(other.name, sizeof other.name, "%.14s_cut", place->name);
    (void)snprintf(third.name, sizeof third.name, "%.14s_cut2", place->name);
    (void)snprintf(fourth.name, sizeof fourth.name, "%.14s_cut3", place->name);
    SCOPED_TEXT whole;
    SCOPED_TEXT by_turns;
    SCOPED_TEXT never_saved;
    SCOPED_TEXT always_saved;
    text_init(&whole, 1 << 20);
    text_init(&by_turns, 1 << 20);
    text_init(&never_saved, 1 << 20);
    text_init(&always_saved, 1 << 20);
    tell_in_pieces(place, 0, 0, &whole);
    tell_in_pieces(&other, 3, 3600000, &never_saved);
    tell_in_pieces(&third, 4, 1, &always_saved);
    /* After each start the yard's turn is at once, and the hall's late. */
    tell_in_pieces(&fourth, 3, 200000, &by_turns);
    CHECK(strstr(whole.bytes, "59=") != NULL);
    CHECK_TEXT(never_saved.bytes, whole.bytes);
    CHECK_TEXT(always_saved.bytes, whole.bytes);
    CHECK_TEXT(by_turns.bytes, whole.bytes);
}

ON_BOTH_ENGINES(a_state_that_was_damaged_begins_anew)
{
    struct ground ground;
    ground_open(&ground, place, 1);
    for (int64_t minute = 0; minute < 10; minute++)
        count_minute(&ground, minute, 10);
    settle(&ground);
    trends_close(ground.trends);
    CHECK_INT(place_write(ground.telemetry_store, "UPDATE trend_zone SET state = ''"), ERR_NONE);
    start(&ground, 1);
    for (int64_t minute = 10; minute < 13; minute++)
        count_minute(&ground, minute, 30);
    settle(&ground);
    SCOPED_JSON *document = NULL;
    CHECK_NEAR(number(read_zone(&ground, TRENDS_FORECAST, 0, &document), "people"), 30, 0);
    ground_close(&ground);
}

static void put_gates(struct ground *ground, int first, int end)
{
    for (int i = first; i < end; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "gate-%02d", i);
        put_part(ground, VENUE_PART_DEVICE, id, "{\"kind\":\"counter\",\"counts_into\":\"yard\"}");
    }
}

/* One person through each, then the yard's document is told. */
static json_t *pass_gates(struct ground *ground, int count, int64_t minute, json_t **out_document)
{
    for (int i = 0; i < count; i++) {
        char series[24];
        (void)snprintf(series, sizeof series, "gate-%02d:in", i);
        const struct reading reading = {series, begin_ms + minute * MINUTE_MS + i, 1};
        send(ground, &reading, 1);
    }
    const struct reading next = {"gate-20:in", begin_ms + (minute + 1) * MINUTE_MS, 0};
    send(ground, &next, 1);
    settle(ground);
    return read_zone(ground, TRENDS_OCCUPANCY, 1, out_document);
}

ON_BOTH_ENGINES(counters_that_a_zone_has_no_room_for_are_told_and_those_removed_make_room)
{
    struct ground ground;
    ground_open(&ground, place, 1);
    put_gates(&ground, 0, LIMIT_ZONE_COUNTERS + 2);
    SCOPED_JSON *crowded = NULL;
    json_t *yard = pass_gates(&ground, LIMIT_ZONE_COUNTERS + 2, 0, &crowded);
    CHECK_INT(json_array_size(json_object_get(yard, "passages")), LIMIT_ZONE_COUNTERS);
    json_t *fault = json_array_get(json_object_get(yard, "faults"), 0);
    CHECK_TEXT(json_string_value(json_object_get(fault, "what")), "left_out");
    CHECK_NEAR(number(fault, "value"), 2, 0);
    for (int i = 0; i < 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "gate-%02d", i);
        edit(&ground, "park", VENUE_PART_DEVICE, id, NULL);
    }
    SCOPED_JSON *roomy = NULL;
    yard = pass_gates(&ground, LIMIT_ZONE_COUNTERS + 2, 2, &roomy);
    CHECK_INT(json_array_size(json_object_get(yard, "faults")), 0);
    CHECK_INT(json_array_size(json_object_get(yard, "passages")), LIMIT_ZONE_COUNTERS - 2);
    CHECK_NEAR(number(yard, "people"), 2 * LIMIT_ZONE_COUNTERS - 2, 0);
    /* A row that was written before the venue was edited. */
    trends_close(ground.trends);
    for (int i = 4; i < 9; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "gate-%02d", i);
        edit(&ground, "park", VENUE_PART_DEVICE, id, NULL);
    }
    start(&ground, 1);
    SCOPED_JSON *again = NULL;
    yard = pass_gates(&ground, LIMIT_ZONE_COUNTERS + 2, 4, &again);
    CHECK_INT(json_array_size(json_object_get(yard, "passages")), LIMIT_ZONE_COUNTERS - 7);
    ground_close(&ground);
}

/* So many come; returns how many were inside at the end of the minute before. */
static double count_in_field(struct ground *ground, int64_t minute, double people)
{
    const struct reading passed[] = {{"turnstile:in", begin_ms + minute * MINUTE_MS, people},
                                     {"turnstile:in", begin_ms + (minute + 1) * MINUTE_MS - 1, 0}};
    send_to(ground, "field", passed, COUNT_OF(passed));
    settle(ground);
    SCOPED_JSON *document = NULL;
    json_t *field = read_zone_of(ground, "field", TRENDS_OCCUPANCY, 0, &document);
    json_t *inside = json_object_get(field, "people");
    return json_is_null(inside) ? -1 : json_number_value(inside);
}

static bool is_saved(struct ground *ground, const char *venue)
{
    struct db *db = store_reader_take(ground->telemetry_store);
    CHECK(db != NULL);
    struct sql_rows rows;
    CHECK_INT(sql_query(db, &rows, "SELECT 1 FROM trend_zone WHERE venue = $1 AND position >= $2",
                        SQL_TEXT(venue), SQL_INT(ground->sent)),
              ERR_NONE);
    bool is_there = sql_next(&rows);
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(ground->telemetry_store, db);
    return is_there;
}

/* A state that was saved a moment ago is saved again by a later look at it only. */
static void until_saved(struct ground *ground, const char *venue)
{
    int64_t deadline_ms = clock_now_ms() + 20000;
    while (!is_saved(ground, venue) && clock_now_ms() < deadline_ms)
        settle(ground);
    CHECK(is_saved(ground, venue));
}

ON_BOTH_ENGINES(a_venue_without_room_goes_on_where_it_was_as_soon_as_another_is_removed)
{
    struct ground ground;
    ground_open(&ground, place, 1);
    edit(&ground, "field", VENUE_PART_VENUE, NULL, "{}");
    edit(&ground, "field", VENUE_PART_ZONE, "grass", "{\"polygon\":" SQUARE("5") "}");
    edit(&ground, "field", VENUE_PART_DEVICE, "turnstile",
         "{\"kind\":\"counter\",\"counts_into\":\"grass\"}");
    (void)count_in_field(&ground, 0, 30);
    CHECK_NEAR(count_in_field(&ground, 1, 30), 30, 0);
    ground.zones_max = 2;
    int64_t minute = 2, deadline_ms = clock_now_ms() + 30000;
    double inside = 60, told = inside;
    while (told == inside && clock_now_ms() < deadline_ms) {
        until_saved(&ground, "field");
        trends_close(ground.trends);
        start(&ground, 1);
        count_minute(&ground, 0, 5);
        settle(&ground);
        told = count_in_field(&ground, minute++, 1);
        if (told == inside)
            inside++; /* it heard what it had told itself, and was there before the park */
    }
    double refused = told;
    CHECK(refused < inside); /* as it was */
    edit(&ground, "park", VENUE_PART_VENUE, NULL, NULL);
    while (told == refused && clock_now_ms() < deadline_ms)
        told = count_in_field(&ground, minute++, 1);
    CHECK_NEAR(told, inside, 0); /* of the minutes before it was refused */
    ground_close(&ground);
}
