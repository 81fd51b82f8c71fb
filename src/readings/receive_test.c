// SPDX-License-Identifier: Apache-2.0
/* Bodies from devices to the disk and back, with real venues and stores. */
#include "readings/readings.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/text.h"
#include "store/place_test.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <stdio.h>

struct park { /* two venues with a camera each and a lift */
    struct store *main_store;
    struct store *telemetry_store;
    struct venues *venues;
    struct readings *readings;
};

static void put_part(struct park *park, enum venue_part part, const char *venue, const char *id,
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
    enum err err = venues_edit(park->venues, &edit, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
}

#define VENUE                                                                                      \
    "{\"name\":\"V\",\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"            \
    "\"Feature\",\"properties\":{\"kind\":\"floor\"},\"geometry\":{\"type\":\"Polygon\","          \
    "\"coordinates\":[[[0,0],[50,0],[50,40],[0,40],[0,0]]]}}]}}"

static void park_open(struct park *park, const struct place *place)
{
    struct err_note note = {0};
    park->main_store = place_open_part(place, "main", &venues_store_module, 1);
    park->telemetry_store = place_open_part(place, "telemetry", &readings_store_module, 1);
    CHECK_INT(venues_open(park->main_store, &park->venues, &note), ERR_NONE);
    CHECK_INT(readings_open(&(struct readings_options){.telemetry_store = park->telemetry_store,
                                                       .venues = park->venues},
                            &park->readings, &note),
              ERR_NONE);
    put_part(park, VENUE_PART_VENUE, "park", NULL, VENUE);
    put_part(park, VENUE_PART_VENUE, "hall", NULL, VENUE);
    put_part(park, VENUE_PART_DEVICE, "park", "cam-1", "{\"name\":\"C\",\"kind\":\"camera\"}");
    put_part(park, VENUE_PART_DEVICE, "hall", "cam-2", "{\"name\":\"C\",\"kind\":\"camera\"}");
    put_part(park, VENUE_PART_DEVICE, "park", "lift-3", "{\"name\":\"L\",\"kind\":\"sensor\"}");
}

static void park_close(struct park *park)
{
    readings_close(park->readings);
    venues_close(park->venues);
    store_close(park->telemetry_store);
    store_close(park->main_store);
}

struct outcome {
    struct lock lock;
    struct signal signal;
    bool is_there;
    struct receipt receipt;
    struct item_error first; /* of the items */
};

static void note_receipt(void *context, const struct receipt *receipt)
{
    struct outcome *outcome = context;
    LOCKED(&outcome->lock);
    outcome->receipt = *receipt;
    if (receipt->errors.count > 0)
        outcome->first = receipt->errors.items[0];
    outcome->is_there = true;
    signal_wake(&outcome->signal);
}

static void send(struct park *park, struct outcome *outcome,
                 void (*receive)(struct readings *readings, const struct receive *receive),
                 const char *device, const char *body)
{
    *outcome = (struct outcome){0};
    lock_init(&outcome->lock);
    signal_init(&outcome->signal);
    struct receive request = {.event = "demo",
                              .device = device,
                              .body = body,
                              .len = strlen(body),
                              .now_ms = clock_now_ms(),
                              .done = note_receipt,
                              .context = outcome};
    receive(park->readings, &request);
    LOCKED(&outcome->lock);
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    while (!outcome->is_there)
        CHECK(signal_wait_until(&outcome->signal, &outcome->lock, deadline_us));
}

static const char *message(char *out, size_t size, const char *device, const char *persons)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), at);
    (void)snprintf(out, size, "{\"device\":\"%s\",\"frames\":[{\"t\":\"%s\",\"persons\":[%s]}]}",
                   device, at, persons);
    return out;
}

ON_BOTH_ENGINES(lines_of_two_venues_are_committed_together_and_their_devices_are_heard)
{
    struct park park;
    struct outcome outcome;
    char one[300], two[300], body[700];
    park_open(&park, place);
    (void)snprintf(body, sizeof body, "%s\n%s",
                   message(one, sizeof one, "cam-1", "[1,2,3,4,5,1],[1,2,3,4,5,1],[2,2,3,4,5,1]"),
                   message(two, sizeof two, "cam-2", "[7,2,3,4,5,1]"));
    send(&park, &outcome, readings_receive_detections, "", body);
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.record_count, 2);
    CHECK_INT(outcome.receipt.frames, 2);
    CHECK_INT(outcome.receipt.persons, 3);
    CHECK_INT(outcome.receipt.duplicates, 1);
    CHECK(outcome.receipt.position >= 1);
    CHECK_INT(outcome.receipt.shard, stream_shard_of("demo/hall"));
    CHECK(readings_last_seen(park.readings, "demo", "cam-1") > 0);
    CHECK(readings_last_seen(park.readings, "demo", "cam-2") > 0);
    CHECK_INT(readings_last_seen(park.readings, "demo", "lift-3"), 0);
    struct detections_query query = {.event = "demo", .to_ms = 1LL << 50};
    int64_t count;
    bool is_behind;
    CHECK_INT(readings_detections_count(park.readings, &query, &count, &is_behind), ERR_NONE);
    CHECK_INT(count, 3);
    park_close(&park);
}

ON_BOTH_ENGINES(unknown_devices_are_named_and_known_ones_in_the_same_body_are_kept)
{
    struct park park;
    struct outcome outcome;
    char one[300], two[300], body[700];
    park_open(&park, place);
    send(&park, &outcome, readings_receive_detections, "",
         message(one, sizeof one, "cam-9", "[1,2,3,4,5,1]"));
    CHECK_INT(outcome.receipt.err, ERR_NOT_FOUND);
    CHECK_TEXT(outcome.receipt.note.place, "device");
    CHECK(strstr(outcome.receipt.note.detail, "\"cam-9\"") != NULL);
    (void)snprintf(body, sizeof body, "%s\n%s", one, message(two, sizeof two, "cam-1", ""));
    send(&park, &outcome, readings_receive_detections, "", body);
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.frames, 1);
    CHECK_INT(outcome.receipt.errors.count, 1);
    CHECK(strstr(outcome.first.detail, "\"cam-9\"") != NULL);
    park_close(&park);
}

ON_BOTH_ENGINES(a_frame_of_a_clock_that_is_ahead_is_refused_by_name_and_its_device_shows_it)
{
    struct park park;
    struct outcome outcome;
    struct clock_refusal refusal;
    char body[400], now[CLOCK_TEXT_SIZE], ahead[CLOCK_TEXT_SIZE];
    park_open(&park, place);
    int64_t now_ms = clock_now_ms();
    clock_format(now_ms, now);
    clock_format(now_ms + 42000, ahead);
    (void)snprintf(body, sizeof body,
                   "{\"device\":\"cam-1\",\"frames\":[{\"t\":\"%s\",\"persons\":[]}]}", ahead);
    send(&park, &outcome, readings_receive_detections, "", body);
    CHECK_INT(outcome.receipt.err, ERR_INVALID);
    CHECK_TEXT(outcome.receipt.note.place, "frames[0].t");
    CHECK(strstr(outcome.receipt.note.detail, "set the device's clock") != NULL);
    CHECK_INT(readings_last_seen(park.readings, "demo", "cam-1"), 0);
    CHECK(readings_clock_refusal(park.readings, "demo", "cam-1", &refusal));
    CHECK(refusal.at_ms >= now_ms && refusal.ahead_ms > 30000 && refusal.ahead_ms <= 42000);
    CHECK(!readings_clock_refusal(park.readings, "demo", "cam-2", &refusal));
    /* The good frame of a body is kept. A device that nobody knows leaves no trace. */
    (void)snprintf(body, sizeof body,
                   "{\"device\":\"cam-2\",\"frames\":[{\"t\":\"%s\",\"persons\":[]},"
                   "{\"t\":\"%s\",\"persons\":[]}]}\n"
                   "{\"id\":\"cam-9\",\"timestamp\":\"%s\",\"objects\":{}}",
                   now, ahead, ahead);
    send(&park, &outcome, readings_receive_detections, "", body);
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.frames, 1);
    CHECK_INT(outcome.receipt.errors.count, 2);
    CHECK_TEXT(outcome.first.place, "frames[1].t");
    CHECK(readings_clock_refusal(park.readings, "demo", "cam-2", &refusal));
    CHECK(readings_last_seen(park.readings, "demo", "cam-2") > 0);
    CHECK(!readings_clock_refusal(park.readings, "demo", "cam-9", &refusal));
    park_close(&park);
}

ON_BOTH_ENGINES(a_device_speaks_for_itself_only)
{
    struct park park;
    struct outcome outcome;
    char body[300];
    park_open(&park, place);
    send(&park, &outcome, readings_receive_detections, "cam-2",
         message(body, sizeof body, "cam-1", "[1,2,3,4,5,1]"));
    CHECK_INT(outcome.receipt.err, ERR_FORBIDDEN);
    CHECK_INT(readings_last_seen(park.readings, "demo", "cam-1"), 0);
    send(&park, &outcome, readings_receive_values, "lift-3", "{\"load\":7}");
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.readings, 1);
    send(&park, &outcome, readings_receive_values, "lift-3", "{\"id\":\"cam-1\",\"load\":7}");
    CHECK_INT(outcome.receipt.err, ERR_FORBIDDEN);
    park_close(&park);
}

static int64_t sum_of(struct park *park, const char *series)
{
    struct series_query query = {.event = "demo", .series = series, .to_ms = 1LL << 50};
    struct series_point *points;
    size_t count;
    struct answer_extent extent;
    double sum = 0;
    CHECK_INT(readings_query(park->readings, &query, &points, &count, &extent, NULL), ERR_NONE);
    for (size_t i = 0; i < count; i++)
        sum += points[i].value;
    mem_free(points);
    return (int64_t)sum;
}

ON_BOTH_ENGINES(readings_of_many_venues_mixed_in_one_body_go_to_their_own)
{
    static const char *const DEVICES[] = {"lift-3", "cam-2", "nobody", "cam-1"};
    struct park park;
    struct outcome outcome;
    SCOPED_TEXT body;
    text_init(&body, 100000);
    park_open(&park, place);
    int64_t now_ms = clock_now_ms();
    for (int i = 0; i < 400; i++) { /* the hall gets one in four, the park two */
        char at[CLOCK_TEXT_SIZE];
        clock_format(now_ms - 1000 * (i + 1), at);
        text_addf(&body, "%s{\"id\":\"%s\",\"timestamp\":\"%s\",\"load\":%d}", i == 0 ? "[" : ",",
                  DEVICES[i % 4], at, 1 + i % 4);
    }
    text_add(&body, "]");
    send(&park, &outcome, readings_receive_values, "", body.bytes);
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.readings, 300);
    CHECK_INT(outcome.receipt.record_count, 2);
    CHECK_TEXT(outcome.first.place, "[2].id");
    CHECK_INT(sum_of(&park, "lift-3:load"), 100);
    CHECK_INT(sum_of(&park, "cam-2:load"), 200);
    CHECK_INT(sum_of(&park, "cam-1:load"), 400);
    park_close(&park);
}

ON_BOTH_ENGINES(counts_below_nobody_are_refused_by_name_and_the_rest_of_the_message_is_kept)
{
    struct park park;
    struct outcome outcome;
    park_open(&park, place);
    put_part(&park, VENUE_PART_DEVICE, "park", "gate-1", "{\"name\":\"G\",\"kind\":\"counter\"}");
    send(&park, &outcome, readings_receive_values, "",
         "[{\"id\":\"gate-1\",\"in\":4,\"out\":-3},{\"id\":\"gate-1\",\"total_in\":-1}]");
    CHECK_INT(outcome.receipt.err, ERR_NONE);
    CHECK_INT(outcome.receipt.readings, 1);
    CHECK_INT(outcome.receipt.errors.count, 2);
    CHECK_TEXT(outcome.first.place, "[0].out");
    CHECK(strstr(outcome.first.detail, "-3") != NULL);
    send(&park, &outcome, readings_receive_values, "gate-1", "{\"in\":-4}");
    CHECK_INT(outcome.receipt.err, ERR_INVALID);
    CHECK_TEXT(outcome.receipt.note.place, "[0].in");
    /* Frost is no count. */
    send(&park, &outcome, readings_receive_values, "",
         "[{\"id\":\"gate-1\",\"temperature\":-4},{\"id\":\"lift-3\",\"in\":-2}]");
    CHECK_INT(outcome.receipt.readings, 2);
    park_close(&park);
}

ON_BOTH_ENGINES(a_body_without_anything_good_changes_nothing_and_says_why)
{
    struct park park;
    struct outcome outcome;
    char body[300];
    park_open(&park, place);
    send(&park, &outcome, readings_receive_detections, "",
         message(body, sizeof body, "cam-1", "[1,2,3,-4,5,1]"));
    CHECK_INT(outcome.receipt.err, ERR_INVALID);
    CHECK_TEXT(outcome.receipt.note.place, "frames[0].persons[0][3]");
    struct detections_query query = {.event = "demo", .to_ms = 1LL << 50};
    int64_t count = -1;
    bool is_behind;
    CHECK_INT(readings_detections_count(park.readings, &query, &count, &is_behind), ERR_NONE);
    CHECK_INT(count, 0);
    send(&park, &outcome, readings_receive_detections, "",
         "{\"device\":\"cam-1\",\"frames\":[{\"t\":\"1970-01-01T00:00:00Z\",\"persons\":[]}]}");
    CHECK_INT(outcome.receipt.err, ERR_INVALID);
    CHECK_TEXT(outcome.receipt.note.place, "frames[0].t");
    send(&park, &outcome, readings_receive_values, "", "{\"id\":\"lift-9\",\"load\":1}");
    CHECK_INT(outcome.receipt.err, ERR_NOT_FOUND);
    park_close(&park);
}
