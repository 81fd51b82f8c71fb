// SPDX-License-Identifier: Apache-2.0
/* The whole way, on a real store: a packed record in, readings and live messages out. */
#include "crowd/crowd.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "crowd/builders.h"
#include "crowd/write.h"
#include "readings/pack.h"
#include "readings/readings.h"
#include "store/place_test.h"
#include "store/stream.h"
#include "venues/venues_edit.h"

static struct err_note note;

struct board { /* what live clients would see: the newest of each topic */
    struct lock lock;
    struct signal changed;
    char zones[2000];
    char people[2000];
    char devices[2000];
};

struct house {
    struct store *main, *telemetry;
    struct venues *venues;
    struct readings *readings; /* or NULL */
    struct crowd *crowd;
    struct board board;
    struct publisher publisher;
};

static void pin_up(void *context, const char *topic, enum publish_kind kind, const char *json,
                   size_t len)
{
    struct board *board = context;
    char *slot = strstr(topic, "/zones") != NULL    ? board->zones
                 : strstr(topic, "/people") != NULL ? board->people
                                                    : board->devices;
    LOCKED(&board->lock);
    assert(kind == PUBLISH_GAUGE && len < sizeof board->zones);
    memcpy(slot, json, len + 1);
    signal_wake_all(&board->changed);
}

static void open_crowd(struct house *house)
{
    const struct crowd_options options = {.telemetry_store = house->telemetry,
                                          .venues = house->venues,
                                          .readings = house->readings,
                                          .publisher = &house->publisher};
    CHECK_INT(crowd_open(&options, &house->crowd, &note), ERR_NONE);
}

static void house_open(struct house *house, const struct place *place)
{
    const struct store_module telemetry[] = {readings_store_module, crowd_store_module,
                                             crossings_store_module};
    *house = (struct house){.publisher = {.publish = pin_up, .context = &house->board}};
    lock_init(&house->board.lock);
    signal_init(&house->board.changed);
    house->main = place_open_part(place, "main", &venues_store_module, 1);
    house->telemetry = place_open_part(place, "telemetry", telemetry, COUNT_OF(telemetry));
    CHECK_INT(venues_open(house->main, &house->venues, &note), ERR_NONE);
    open_crowd(house);
}

static void house_close(struct house *house)
{
    crowd_close(house->crowd);
    venues_close(house->venues);
    store_close(house->telemetry);
    store_close(house->main);
    signal_fini(&house->board.changed);
    lock_fini(&house->board.lock);
}

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

static void furnish(struct house *house)
{
    put(house, VENUE_PART_VENUE, NULL, "{}");
    put(house, VENUE_PART_ZONE, "bar",
        "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}"
        "}");
    put(house, VENUE_PART_ZONE, "stage",
        "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[20,0],[30,0],[30,10],[20,10],[20,0]]"
        "]}}");
    put(house, VENUE_PART_DEVICE, "cam-1",
        "{\"kind\":\"camera\",\"calibration\":{\"kind\":\"metres\"},\"sees\":[\"bar\"],\"silent_"
        "after_ms\":60000}");
    put(house, VENUE_PART_DEVICE, "cam-2",
        "{\"kind\":\"camera\",\"calibration\":{\"kind\":\"metres\"},\"sees\":[\"bar\"],\"silent_"
        "after_ms\":60000}");
}

struct sending {
    const void *body;
    size_t len;
};

static enum err send_run(struct db *db, void *context, struct err_note *run_note)
{
    const struct sending *sending = context;
    (void)run_note;
    return stream_append(db,
                         &(struct stream_append){.stream = "detections",
                                                 .key = "demo/park",
                                                 .kind = "detections.packed",
                                                 .body = sending->body,
                                                 .body_len = sending->len},
                         NULL);
}

/* `count` people in the bar, in frames at these times; ends at time 0. */
static void send_frames(struct house *house, const char *camera, const int64_t *times_ms,
                        size_t count)
{
    struct point people[50];
    for (size_t i = 0; i < count; i++)
        people[i] = (struct point){1 + 0.1 * (double)i, 2};
    struct detection_batch *batch = build_batch(camera, times_ms, people, count);
    struct packer packer = {.bytes = NULL};
    detections_pack(&packer, batch, SEAL_FAST);
    struct sending sending = {packer.bytes, packer.len};
    CHECK_INT(store_write(house->telemetry, send_run, &sending, &note), ERR_NONE);
    packer_fini(&packer);
    shared_unref(&batch->shared);
}

static void send_frame(struct house *house, const char *camera, int64_t at_ms, size_t count)
{
    send_frames(house, camera, (int64_t[]){at_ms, 0}, count);
}

/* The stored count of the second, -1 when there is none, and how often it was written. */
struct history {
    const char *series;
    int64_t at_ms;
    double value;
    int times;
};

static void look(void *context, const char *event, const char *venue, const struct reading *reading)
{
    struct history *history = context;
    CHECK_TEXT(event, "demo");
    CHECK_TEXT(venue, "park");
    if (strcmp(reading->series, history->series) != 0 || reading->at_ms != history->at_ms)
        return;
    history->value = reading->value; /* the last one written wins */
    history->times++;
}

static enum err visit(void *context, struct stream_record *record)
{
    return readings_visit(record, look, context);
}

static struct history history_of(struct house *house, const char *series, int64_t second_ms)
{
    struct history history = {.series = series, .at_ms = second_ms, .value = -1};
    struct db *db = store_reader_take(house->telemetry);
    CHECK_INT(stream_read(db, "readings", stream_shard_of("demo/park"), 0, 10000, visit, &history),
              ERR_NONE);
    store_reader_give(house->telemetry, db);
    return history;
}

#define PATIENCE_US (10 * 1000000LL)

/* Until it is written `times` times. A venue is published every second at least: that wakes us. */
static struct history await_history(struct house *house, const char *series, int64_t second_ms,
                                    int times)
{
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US;
    struct history history = history_of(house, series, second_ms);
    while (history.times < times && clock_monotonic_us() < deadline_us) {
        lock_take(&house->board.lock);
        (void)signal_wait_until(&house->board.changed, &house->board.lock, deadline_us);
        lock_give(&house->board.lock);
        history = history_of(house, series, second_ms);
    }
    return history;
}

static bool shows(struct house *house, const char *slot, const char *words)
{
    LOCKED(&house->board.lock);
    return strstr(slot, words) != NULL;
}

static bool await_shown(struct house *house, const char *slot, const char *words)
{
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US;
    LOCKED(&house->board.lock);
    while (strstr(slot, words) == NULL &&
           signal_wait_until(&house->board.changed, &house->board.lock, deadline_us))
        continue;
    return strstr(slot, words) != NULL;
}

ON_BOTH_ENGINES(people_in_a_zone_are_shown_and_asked_for_at_once)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    send_frame(&house, "cam-2", clock_now_ms(), 5);
    CHECK(await_shown(&house, house.board.zones, "{\"id\":\"bar\",\"people\":5,"));
    send_frame(&house, "cam-1", clock_now_ms(), 7);
    CHECK(await_shown(&house, house.board.zones,
                      "{\"id\":\"bar\",\"people\":7,\"density\":0.070,\"level\":\"green\","
                      "\"cameras\":2,\"cameras_expected\":2,\"age_ms\":"));
    CHECK(shows(&house, house.board.zones,
                "{\"id\":\"stage\",\"people\":null,\"density\":null,\"level\":\"unknown\","
                "\"cameras\":0,\"cameras_expected\":0,\"age_ms\":null,\"flow\":null}],"
                "\"people\":7}"));
    CHECK(await_shown(&house, house.board.people, "[1,2],[1.1,2],[1.2,2]"));
    CHECK(await_shown(&house, house.board.devices, "\"is_silent\":false"));
    struct crowd_picture *picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->people, 7);
    CHECK_INT(picture->zones[0].people, 7);
    CHECK_INT(picture->zones[0].cameras, 2);
    shared_unref(&picture->shared);
    struct crowd_device_state camera;
    CHECK(crowd_device(house.crowd, "demo", "park", "cam-1", &camera));
    CHECK(camera.last_seen_ms > 0 && !camera.is_silent);
    CHECK(!crowd_device(house.crowd, "demo", "park", "cam-9", &camera));
    house_close(&house);
}

ON_BOTH_ENGINES(before_the_first_detection_everything_is_unknown)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    struct crowd_picture *picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->people, CROWD_UNKNOWN);
    CHECK_INT(picture->zones[1].level, CROWD_LEVEL_UNKNOWN);
    shared_unref(&picture->shared);
    CHECK(crowd_picture(house.crowd, "demo", "nowhere") == NULL);
    house_close(&house);
}

ON_BOTH_ENGINES(a_second_becomes_readings_once_although_its_frame_is_sent_twice)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t second_ms = clock_now_ms() / 1000 * 1000 - 5000;
    send_frame(&house, "cam-1", second_ms + 100, 4);
    send_frame(&house, "cam-1", second_ms + 100, 4);
    struct history people = await_history(&house, "zone.bar:people", second_ms, 1);
    CHECK_NEAR(people.value, 4, 0);
    CHECK_INT(people.times, 1);
    CHECK_NEAR(history_of(&house, "zone.bar:density", second_ms).value, 0.04, 1e-12);
    CHECK_NEAR(history_of(&house, "venue.park:people", second_ms).value, 4, 0);
    CHECK_INT(history_of(&house, "zone.stage:people", second_ms).times, 0);
    house_close(&house);
}

ON_BOTH_ENGINES(the_silent_cameras_of_a_zone_are_a_measure)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t second_ms = clock_now_ms() / 1000 * 1000;
    send_frame(&house, "cam-1", clock_now_ms(), 4);
    /* The second in which the counting began is known in part: of the next ones it is told. */
    second_ms += 2000;
    send_frame(&house, "cam-1", second_ms, 4);
    CHECK_NEAR(await_history(&house, "zone.bar:cameras_silent", second_ms, 1).value, 1, 0);
    send_frame(&house, "cam-2", second_ms + 1000, 4);
    CHECK_NEAR(await_history(&house, "zone.bar:cameras_silent", second_ms + 1000, 1).value, 0, 0);
    CHECK_INT(history_of(&house, "zone.stage:cameras_silent", second_ms).times, 0);
    house_close(&house);
}

static void forget_receipt(void *context, const struct receipt *receipt)
{
    *(enum err *)context = receipt->err;
}

ON_BOTH_ENGINES(a_camera_that_is_refused_for_its_clock_shows_why_it_is_silent)
{
    struct house house;
    struct readings *readings = NULL;
    char body[200], at[CLOCK_TEXT_SIZE];
    enum err err = ERR_NONE;
    house_open(&house, place);
    furnish(&house);
    const struct readings_options options = {.telemetry_store = house.telemetry,
                                             .venues = house.venues};
    CHECK_INT(readings_open(&options, &readings, &note), ERR_NONE);
    crowd_close(house.crowd);
    house.readings = readings;
    open_crowd(&house);
    int64_t now_ms = clock_now_ms();
    clock_format(now_ms + 42000, at);
    (void)snprintf(body, sizeof body,
                   "{\"device\":\"cam-2\",\"frames\":[{\"t\":\"%s\",\"persons\":[]}]}", at);
    const struct receive receive = {.event = "demo",
                                    .device = "",
                                    .body = body,
                                    .len = strlen(body),
                                    .now_ms = now_ms,
                                    .done = forget_receipt,
                                    .context = &err};
    readings_receive_detections(readings, &receive);
    CHECK_INT(err, ERR_INVALID);
    struct crowd_device_state camera;
    CHECK(crowd_device(house.crowd, "demo", "park", "cam-2", &camera));
    CHECK_INT(camera.clock_ahead_ms, 42000);
    CHECK(camera.is_silent);
    CHECK(crowd_device(house.crowd, "demo", "park", "cam-1", &camera));
    CHECK(camera.clock_ahead_ms == CROWD_CLOCK_UNKNOWN);
    /* And live, as soon as the venue is counted. */
    send_frame(&house, "cam-1", clock_now_ms(), 4);
    CHECK(await_shown(&house, house.board.devices, "\"clock_ahead_ms\":42000"));
    crowd_close(house.crowd);
    house.crowd = NULL;
    readings_close(readings);
    house_close(&house);
}

ON_BOTH_ENGINES(old_data_updates_history_and_leaves_the_live_picture_alone)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t second_ms = clock_now_ms() / 1000 * 1000 - 3600000;
    send_frame(&house, "cam-1", second_ms, 4);
    CHECK_NEAR(await_history(&house, "zone.bar:people", second_ms, 1).value, 4, 0);
    struct crowd_picture *picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->zones[0].people, CROWD_UNKNOWN);
    shared_unref(&picture->shared);
    house_close(&house);
}

ON_BOTH_ENGINES(a_back_fill_of_more_seconds_than_are_kept_is_written_whole_and_once)
{
    enum { SECONDS = LIMIT_CROWD_SECONDS + 700 };
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t first_ms = clock_now_ms() / 1000 * 1000 - 4 * 3600000;
    SCOPED_MEM int64_t *times_ms = mem_new_array(SECONDS + 1, sizeof *times_ms);
    for (int64_t s = 0; s < SECONDS; s++)
        times_ms[s] = first_ms + 1000 * s;
    send_frames(&house, "cam-1", times_ms, 4);
    int64_t last_ms = times_ms[SECONDS - 1];
    CHECK_INT(await_history(&house, "zone.bar:people", last_ms, 1).times, 1);
    CHECK_INT(await_history(&house, "zone.bar:people", first_ms, 1).times, 1);
    CHECK_INT(history_of(&house, "zone.bar:people", first_ms + 300000).times, 1);
    SCOPED_TEXT metrics;
    text_init(&metrics, 256 * 1024);
    metrics_expose(&metrics);
    CHECK(strstr(metrics.bytes, "muster_crowd_seconds_early_total") !=
          NULL); /* since it is not 0 */
    /* What was let go of is corrected through the store. */
    send_frame(&house, "cam-2", first_ms + 500, 7);
    CHECK_NEAR(await_history(&house, "zone.bar:people", first_ms, 2).value, 7, 0);
    house_close(&house);
}

ON_BOTH_ENGINES(a_restart_rebuilds_the_picture_and_repeats_nothing)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t second_ms = clock_now_ms() / 1000 * 1000 - 4000;
    send_frame(&house, "cam-1", second_ms, 4);
    int64_t now_ms = clock_now_ms();
    send_frame(&house, "cam-1", now_ms, 9);
    CHECK_NEAR(await_history(&house, "zone.bar:people", second_ms, 1).value, 4, 0);
    /* Nothing is left to write: the picture itself must hold the position back. */
    CHECK_NEAR(await_history(&house, "zone.bar:people", now_ms / 1000 * 1000, 1).value, 9, 0);
    crowd_close(house.crowd);
    house.board.zones[0] = '\0'; /* nobody publishes now */
    open_crowd(&house);
    int64_t deadline_ms = clock_now_ms() + 10000;
    CHECK_INT(crowd_wait_idle(house.crowd, deadline_ms), ERR_NONE);
    CHECK(await_shown(&house, house.board.zones, "{\"id\":\"bar\",\"people\":9,"));
    /* A frame of the other camera comes late: all that was known of that second still counts. */
    send_frame(&house, "cam-2", second_ms + 500, 3);
    int64_t later_ms = second_ms - 60000;
    send_frame(&house, "cam-2", later_ms, 1);
    CHECK_NEAR(await_history(&house, "zone.bar:people", later_ms, 1).value, 1, 0);
    struct history again = history_of(&house, "zone.bar:people", second_ms);
    CHECK_NEAR(again.value, 4, 0);
    CHECK_INT(again.times, 1);
    house_close(&house);
}

struct partial {
    int64_t s;
    int64_t people[2];
};

static enum err write_partial(struct db *db, void *context, struct err_note *run_note)
{
    const struct partial *partial = context;
    const struct zone_box boxes[] = {{"bar", 0, 0, 10, 10}, {"stage", 20, 0, 30, 10}};
    struct venue_view *view = build_view(boxes, 2, (const char *const[]){NULL});
    struct writing *writing = mem_new(sizeof *writing);
    struct written_second *second = &writing->seconds[writing->second_count++];
    *second = (struct written_second){
        .event = "demo", .venue = "park", .view = view, .s = partial->s, .is_partial = true};
    second->result.people = mem_copy(partial->people, sizeof partial->people);
    second->result.cameras = mem_new_array(2, sizeof(struct zone_cameras));
    second->area_m2 = mem_copy((const double[]){100, 100}, 2 * sizeof(double));
    second->result.total = partial->people[0];
    (void)run_note;
    enum err err = writing_apply(db, writing, clock_now_ms());
    writing_clear(writing);
    mem_free(writing);
    return err;
}

ON_BOTH_ENGINES(a_second_known_in_parts_keeps_its_largest_counts)
{
    struct house house;
    house_open(&house, place);
    struct partial parts[] = {
        {1000, {5, CROWD_UNKNOWN}}, {1000, {3, 2}}, {1000, {5, 1}}, {1000, {8, CROWD_UNKNOWN}}};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        CHECK_INT(store_write(house.telemetry, write_partial, &parts[i], &note), ERR_NONE);
    struct history bar = history_of(&house, "zone.bar:people", 1000000);
    CHECK_NEAR(bar.value, 8, 0);
    CHECK_INT(bar.times, 3); /* the third part said nothing new */
    CHECK_NEAR(history_of(&house, "zone.stage:people", 1000000).value, 2, 0);
    house_close(&house);
}

static enum err count_seconds(struct db *db, int64_t *out_count)
{
    return sql_one_int(db, out_count, "SELECT count(*) FROM crowd_second");
}

static enum err put_two_seconds(struct db *db, void *context, struct err_note *run_note)
{
    (void)context;
    (void)run_note;
    for (int64_t hours = 25; hours <= 27; hours += 2)
        TRY(sql_run(db,
                    "INSERT INTO crowd_second (event, venue, s, people, written_s)"
                    " VALUES ('demo', 'park', $1, '{}', $2)",
                    SQL_INT(hours), SQL_INT(clock_now_ms() / 1000 - hours * 3600)));
    return ERR_NONE;
}

ON_BOTH_ENGINES(seconds_that_nobody_completes_any_more_are_removed)
{
    struct house house;
    house_open(&house, place);
    CHECK_INT(store_write(house.telemetry, put_two_seconds, NULL, &note), ERR_NONE);
    int64_t left = 2;
    int64_t deadline_ms = clock_now_ms() + 20000;
    while (left > 1 && clock_now_ms() < deadline_ms) {
        struct db *db = store_reader_take(house.telemetry);
        CHECK(db != NULL);
        CHECK_INT(count_seconds(db, &left), ERR_NONE);
        store_reader_give(house.telemetry, db);
    }
    CHECK_INT(left, 1);
    house_close(&house);
}

ON_BOTH_ENGINES(a_changed_zone_counts_the_people_who_are_there)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    send_frame(&house, "cam-1", clock_now_ms(), 7);
    CHECK(await_shown(&house, house.board.zones, "{\"id\":\"bar\",\"people\":7,"));
    put(&house, VENUE_PART_ZONE, "bar",
        "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1.25,0],[1.25,10],[0,10],[0,0]"
        "]]}}");
    CHECK(await_shown(&house, house.board.zones, "{\"id\":\"bar\",\"people\":3,"));
    house_close(&house);
}

ON_BOTH_ENGINES(a_venue_that_another_process_counts_is_known_here_and_ours_is_not_overheard)
{
    static const char SAID[] = "{\"zones\":[{\"id\":\"bar\",\"people\":3}],\"people\":3}";
    struct house house;
    house_open(&house, place);
    furnish(&house);
    crowd_hear(house.crowd, "events/demo/venues/park/people", SAID, sizeof SAID - 1);
    crowd_hear(house.crowd, "events/demo/venues/park/zones/more", SAID, sizeof SAID - 1);
    crowd_hear(house.crowd, "events/demo/venues/nowhere/zones", SAID, sizeof SAID - 1);
    struct crowd_picture *picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->people, CROWD_UNKNOWN);
    shared_unref(&picture->shared);
    CHECK(crowd_picture(house.crowd, "demo", "nowhere") == NULL);
    crowd_hear(house.crowd, "events/demo/venues/park/zones", SAID, sizeof SAID - 1);
    picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->zones[0].people, 3);
    shared_unref(&picture->shared);
    send_frame(&house, "cam-1", clock_now_ms(), 5);
    CHECK(await_shown(&house, house.board.zones, "{\"id\":\"bar\",\"people\":5,"));
    crowd_hear(house.crowd, "events/demo/venues/park/zones", SAID, sizeof SAID - 1);
    picture = crowd_picture(house.crowd, "demo", "park");
    CHECK_INT(picture->zones[0].people, 5);
    shared_unref(&picture->shared);
    house_close(&house);
}

/* --- tracks --- */

#define CHUNK_MS 10000

/* Five people who stand in the bar, ten times a second. */
static void send_seconds(struct house *house, int64_t from_ms, int seconds)
{
    for (int s = 0; s < seconds; s++) {
        int64_t times_ms[11] = {0};
        for (int i = 0; i < 10; i++)
            times_ms[i] = from_ms + 1000 * s + 100 * i;
        send_frames(house, "cam-1", times_ms, 5);
    }
}

static struct detection_batch *read_tracks(struct house *house, int64_t from_ms, int64_t to_ms,
                                           size_t points_max, int64_t *out_next_ms)
{
    struct detection_batch *batch = NULL;
    const struct crowd_tracks_query query = {.event = "demo",
                                             .venue = "park",
                                             .from_ms = from_ms,
                                             .to_ms = to_ms,
                                             .points_max = points_max};
    CHECK_INT(crowd_tracks(house->crowd, &query, &batch, out_next_ms), ERR_NONE);
    return batch;
}

/* Until the chunk is there, with all its steps. */
static struct detection_batch *await_chunk(struct house *house, int64_t from_ms)
{
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US, next_ms;
    struct detection_batch *batch =
        read_tracks(house, from_ms, from_ms + CHUNK_MS, 10000, &next_ms);
    while (batch->frame_count == 0 && clock_monotonic_us() < deadline_us) {
        lock_take(&house->board.lock);
        (void)signal_wait_until(&house->board.changed, &house->board.lock, deadline_us);
        lock_give(&house->board.lock);
        shared_unref(&batch->shared);
        batch = read_tracks(house, from_ms, from_ms + CHUNK_MS, 10000, &next_ms);
    }
    return batch;
}

static int64_t chunk_before(int64_t now_ms)
{
    return now_ms / CHUNK_MS * CHUNK_MS - 5 * CHUNK_MS;
}

ON_BOTH_ENGINES(settled_tracks_reach_the_table_and_a_restart_writes_no_chunk_anew)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t from_ms = chunk_before(clock_now_ms());
    send_seconds(&house, from_ms, 14);
    struct detection_batch *first = await_chunk(&house, from_ms);
    CHECK_INT(first->frame_count, 20); /* two steps a second */
    CHECK_INT(first->person_count, 100);
    CHECK_NEAR(first->x[0] / first->scale_xy, 1, 0.06);
    CHECK_NEAR(first->y[99] / first->scale_xy, 2, 0.06);
    crowd_close(house.crowd);
    open_crowd(&house);
    send_seconds(&house, from_ms + 14000, 10); /* read again from the stream, then these */
    struct detection_batch *next = await_chunk(&house, from_ms + CHUNK_MS);
    CHECK_INT(next->frame_count, 20);
    struct detection_batch *again = await_chunk(&house, from_ms);
    CHECK_INT(again->person_count, first->person_count);
    CHECK(memcmp(again->track, first->track, 100 * sizeof *again->track) == 0);
    CHECK_INT(place_record_count(house.telemetry, "tracks"), 2);
    shared_unref(&first->shared);
    shared_unref(&next->shared);
    shared_unref(&again->shared);
    house_close(&house);
}

ON_BOTH_ENGINES(tracks_are_read_page_by_page_in_whole_steps)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t from_ms = chunk_before(clock_now_ms()), next_ms = 0;
    send_seconds(&house, from_ms, 14);
    shared_unref(&await_chunk(&house, from_ms)->shared);
    struct detection_batch *page = read_tracks(&house, from_ms + 500, from_ms + 3000, 12, &next_ms);
    CHECK_INT(page->frame_count, 2); /* ten of five each; a third would be 15 */
    CHECK_INT(page->frame_at_ms[0], from_ms + 500);
    CHECK_INT(next_ms, from_ms + 1500);
    shared_unref(&page->shared);
    page = read_tracks(&house, next_ms, from_ms + 3000, 12, &next_ms);
    CHECK_INT(page->frame_at_ms[0], from_ms + 1500);
    CHECK_INT(next_ms, from_ms + 2500);
    shared_unref(&page->shared);
    page = read_tracks(&house, next_ms, from_ms + 3500, 1, &next_ms);
    CHECK_INT(page->frame_count, 1); /* one step always fits */
    CHECK_INT(next_ms, from_ms + 3000);
    shared_unref(&page->shared);
    page = read_tracks(&house, next_ms, from_ms + 3500, 12, &next_ms);
    CHECK_INT(page->frame_count, 1); /* 3,500 is not asked for any more */
    CHECK_INT(next_ms, 0);
    shared_unref(&page->shared);
    house_close(&house);
}

static enum err write_row(struct db *db, void *context, struct err_note *row_note)
{
    (void)row_note;
    return track_row_write(db, context);
}

static size_t rows_of(struct house *house, const char *data)
{
    struct sql_rows rows;
    struct db *db = store_reader_take(house->telemetry);
    CHECK_INT(sql_query(db, &rows, "SELECT from_ms FROM crowd_track WHERE data = $1",
                        SQL_BLOB(data, strlen(data))),
              ERR_NONE);
    size_t count = 0;
    while (sql_next(&rows))
        count++;
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(house->telemetry, db);
    return count;
}

ON_BOTH_ENGINES(the_first_chunk_of_a_venue_and_time_stays_and_the_old_ones_expire)
{
    struct house house;
    house_open(&house, place);
    int64_t now_ms = clock_now_ms();
    struct track_row row = {.event = "demo", .venue = "park", .bytes = "first", .len = 5};
    for (int hours = 0; hours < 4; hours++) {
        row.from_ms = now_ms - 3600000LL * hours;
        CHECK_INT(store_write(house.telemetry, write_row, &row, &note), ERR_NONE);
    }
    row.bytes = "again";
    CHECK_INT(store_write(house.telemetry, write_row, &row, &note), ERR_NONE);
    CHECK_INT(rows_of(&house, "first"), 4);
    CHECK_INT(rows_of(&house, "again"), 0);
    CHECK_INT(place_record_count(house.telemetry, "tracks"), 4); /* each is told once */
    furnish(&house);
    send_frame(&house, "cam-1", now_ms, 1); /* from now on something is published every second */
    tracks_expire(house.telemetry, 90 * 60000);
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US;
    while (rows_of(&house, "first") > 2 && clock_monotonic_us() < deadline_us) {
        lock_take(&house.board.lock);
        (void)signal_wait_until(&house.board.changed, &house.board.lock, deadline_us);
        lock_give(&house.board.lock);
    }
    CHECK_INT(rows_of(&house, "first"), 2);
    house_close(&house);
}

static enum err write_settled(struct db *db, void *context, struct err_note *run_note)
{
    (void)run_note;
    return settled_second_write(db, context);
}

/* One second of a gate: `crossed` people to the left. */
static void tell_gate(struct house *house, const char *gate, int crossed, bool is_gone)
{
    struct crossing_second line = {.is_watched = true, .crossed = {(uint32_t)crossed, 0}};
    struct venue_view *view = build_view(NULL, 0, (const char *const[]){NULL});
    build_line(view, gate, (struct point){0, 0}, (struct point){2, 0});
    struct settled_second second = {
        .view = view, .s = 1000, .lines = &line, .is_of_gone_lines = is_gone};
    CHECK_INT(store_write(house->telemetry, write_settled, &second, &note), ERR_NONE);
    shared_unref(&view->shared);
}

ON_BOTH_ENGINES(a_second_is_told_of_a_line_that_is_gone_and_of_the_others_and_once)
{
    struct house house;
    house_open(&house, place);
    tell_gate(&house, "west", 2, true);
    tell_gate(&house, "east", 3, false);
    tell_gate(&house, "east", 3, false); /* both again, after a restart */
    tell_gate(&house, "west", 2, true);
    CHECK_NEAR(history_of(&house, "line.east:to_left", 1000 * 1000).value, 3, 0);
    CHECK_INT(history_of(&house, "line.east:to_left", 1000 * 1000).times, 1);
    CHECK_INT(history_of(&house, "line.west:to_left", 1000 * 1000).times, 1);
    house_close(&house);
}
