// SPDX-License-Identifier: Apache-2.0
/* History against a naive model: the real consumers on a real store, seeded random operations. */
#include "readings/history/stage_test.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "readings/pack.h"

#include <math.h>
#include <stdio.h>

/* --- series --- */

#define MODEL_MS    7200000 /* two hours */
#define MODEL_GRAIN 200     /* of times, so that some meet */

struct model {
    bool has[MODEL_MS / MODEL_GRAIN];
    double value[MODEL_MS / MODEL_GRAIN];
};

static double model_bucket(const struct model *model, int64_t from_ms, int64_t to_ms,
                           enum series_agg agg)
{
    double count = 0, sum = 0, min = INFINITY, max = -INFINITY, last = NAN;
    for (int64_t at = from_ms; at < to_ms; at += MODEL_GRAIN) {
        size_t i = (size_t)((at - START_MS) / MODEL_GRAIN);
        if (at < START_MS || at >= START_MS + MODEL_MS || !model->has[i])
            continue;
        count++;
        sum += model->value[i];
        min = fmin(min, model->value[i]);
        max = fmax(max, model->value[i]);
        last = model->value[i];
    }
    const double answers[] = {sum / count, min, max, sum, count, last};
    return count == 0 ? NAN : answers[agg];
}

static void check_raw(struct stage *stage, const struct model *model)
{
    struct series_query query = {.event = "demo",
                                 .series = "lift-3:load",
                                 .from_ms = START_MS,
                                 .to_ms = START_MS + MODEL_MS,
                                 .points_max = 1000};
    size_t next = 0;
    struct answer_extent extent;
    do {
        struct series_point *points;
        size_t count;
        CHECK_INT(readings_query(stage->readings, &query, &points, &count, &extent, NULL),
                  ERR_NONE);
        for (size_t i = 0; i < count; i++, next++) {
            while (next < COUNT_OF(model->has) && !model->has[next])
                next++;
            CHECK(next < COUNT_OF(model->has));
            CHECK_INT(points[i].at_ms, START_MS + (int64_t)next * MODEL_GRAIN);
            CHECK(points[i].value == model->value[next]);
        }
        mem_free(points);
        query.from_ms = extent.next_ms;
    } while (query.from_ms != 0);
    while (next < COUNT_OF(model->has))
        CHECK(!model->has[next++]);
}

static void check_steps(struct stage *stage, const struct model *model, int64_t step_ms,
                        enum series_agg agg)
{
    struct series_query query = {.event = "demo",
                                 .series = "lift-3:load",
                                 .from_ms = START_MS + 1,
                                 .to_ms = START_MS + MODEL_MS - 1,
                                 .step_ms = step_ms,
                                 .agg = agg};
    struct series_point *points;
    size_t count;
    struct answer_extent extent;
    CHECK_INT(readings_query(stage->readings, &query, &points, &count, &extent, NULL), ERR_NONE);
    size_t at = 0;
    for (int64_t from = history_floor(START_MS, step_ms); from < START_MS + MODEL_MS;
         from += step_ms) {
        double expected = model_bucket(model, from, from + step_ms, agg);
        if (isnan(expected))
            continue;
        CHECK(at < count);
        CHECK_INT(points[at].at_ms, from);
        CHECK_NEAR(points[at].value, expected, 1e-6 * fmax(1, fabs(expected)));
        at++;
    }
    CHECK_INT(at, count);
    mem_free(points);
}

static void check_model(struct stage *stage, const struct model *model,
                        struct random_sequence *chance)
{
    static const int64_t STEPS_MS[] = {1000, 7000, 60000, 300000, 3600000, 86400000};
    check_raw(stage, model);
    for (size_t i = 0; i < COUNT_OF(STEPS_MS); i++)
        check_steps(stage, model, STEPS_MS[i], (enum series_agg)random_below(chance, 6));
}

/* Mostly forward, sometimes hours late, sometimes the same time again. */
static void put_random(struct stage *stage, struct model *model, struct random_sequence *chance,
                       size_t *inout_now)
{
    struct reading readings[40];
    size_t count = 1 + random_below(chance, COUNT_OF(readings));
    for (size_t i = 0; i < count; i++) {
        bool is_late = random_below(chance, 4) == 0;
        *inout_now = (*inout_now + random_below(chance, 60)) % COUNT_OF(model->has);
        size_t slot = is_late ? random_below(chance, COUNT_OF(model->has)) : *inout_now;
        double value = round(random_normal(chance) * 1000) / 10;
        readings[i] =
            (struct reading){"lift-3:load", START_MS + (int64_t)slot * MODEL_GRAIN, value};
        model->has[slot] = true;
        model->value[slot] = value;
    }
    put_values(stage, readings, count);
}

ON_BOTH_ENGINES(series_read_like_a_naive_model_while_values_come_late_twice_and_out_of_order)
{
    struct stage stage;
    stage_init(&stage, place);
    static struct model model;
    memset(&model, 0, sizeof model);
    struct random_sequence chance = {.state = 5};
    size_t now = 0;
    for (int round = 1; round <= 60; round++) {
        put_random(&stage, &model, &chance, &now);
        if (round % 20 == 0)
            stage_settle(&stage);
        if (round % 10 == 5 || round % 20 == 0)
            check_model(&stage, &model, &chance);
        if (round == 40) { /* A restart: what was gathered only is read from the stream again. */
            stage_close(&stage);
            stage_open(&stage);
        }
    }
    stage_close(&stage);
}

static enum err list_after(struct stage *stage, const char *after, struct series_info **out_list,
                           size_t *out_count)
{
    bool is_behind;
    return readings_series_list(stage->readings, &(struct series_list_query){"demo", after, 10},
                                out_list, out_count, &is_behind);
}

ON_BOTH_ENGINES(an_acknowledged_value_is_there_at_once_and_the_series_is_listed)
{
    struct stage stage;
    stage_init(&stage, place);
    put_values(&stage, &(struct reading){"lift-3:temperature", 1471687872000, 21.4}, 1);
    put_values(&stage, &(struct reading){"zone.a:people", 1471687873000, 5}, 1);
    struct series_info *list;
    size_t count;
    CHECK_INT(list_after(&stage, "", &list, &count), ERR_NONE);
    CHECK_INT(count, 2);
    CHECK_TEXT(list[0].name, "lift-3:temperature");
    CHECK_TEXT(list[0].venue, "park");
    CHECK(list[0].last_value == 21.4);
    mem_free(list);
    CHECK_INT(list_after(&stage, "lift-3:temperature", &list, &count), ERR_NONE);
    CHECK_INT(count, 1);
    mem_free(list);
    struct series_query query = {
        .event = "other", .series = "lift-3:temperature", .to_ms = 1LL << 50};
    struct series_point *points;
    struct answer_extent extent;
    struct err_note note;
    CHECK_INT(readings_query(stage.readings, &query, &points, &count, &extent, &note),
              ERR_NOT_FOUND);
    query.event = "demo";
    CHECK_INT(readings_query(stage.readings, &query, &points, &count, &extent, &note), ERR_NONE);
    CHECK_INT(count, 1);
    mem_free(points);
    stage_close(&stage);
}

ON_BOTH_ENGINES(too_many_steps_are_refused)
{
    struct stage stage;
    stage_init(&stage, place);
    put_values(&stage, &(struct reading){"a:b", START_MS, 1}, 1);
    struct series_query query = {.event = "demo",
                                 .series = "a:b",
                                 .from_ms = START_MS - LIMIT_SERIES_POINTS * 1000LL,
                                 .to_ms = START_MS + 1000,
                                 .step_ms = 1000};
    struct series_point *points;
    size_t count;
    struct answer_extent extent;
    struct err_note note;
    CHECK_INT(readings_query(stage.readings, &query, &points, &count, &extent, &note),
              ERR_TOO_LARGE);
    CHECK_TEXT(note.place, "step");
    stage_close(&stage);
}

#define DENSE      1500 /* values a second apart: three windows and a half */
#define HOUR_MS    3600000LL
#define QUIETS     3
#define QUIET_LAST 8 /* values after each quiet */

/* A dense stretch, quiet, a few values, longer quiet: the naive model is the list of them. */
struct quiet_model {
    int64_t at_ms[DENSE + QUIETS * QUIET_LAST];
    size_t count;
};

static void put_stretch(struct stage *stage, struct quiet_model *model, int64_t from_ms,
                        size_t count)
{
    static struct reading readings[DENSE];
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = from_ms + (int64_t)i * 1000;
        model->at_ms[model->count++] = at_ms;
        readings[i] = (struct reading){"zone.a:people", at_ms, (double)model->count};
    }
    put_values(stage, readings, count);
}

static void check_newest(struct stage *stage, const struct quiet_model *model, int64_t from_ms,
                         int64_t to_ms, size_t wanted)
{
    struct series_query query = {.event = "demo",
                                 .series = "zone.a:people",
                                 .from_ms = from_ms,
                                 .to_ms = to_ms,
                                 .points_max = wanted,
                                 .end = SERIES_NEWEST};
    struct series_point *points;
    size_t count;
    struct answer_extent extent;
    size_t first = 0, end = model->count;
    while (first < end && model->at_ms[first] < from_ms)
        first++;
    while (end > first && model->at_ms[end - 1] >= to_ms)
        end--;
    first = MAX(first, end - MIN(end, wanted));
    CHECK_INT(readings_query(stage->readings, &query, &points, &count, &extent, NULL), ERR_NONE);
    CHECK_INT(count, end - first);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(points[i].at_ms, model->at_ms[first + i]);
        CHECK(points[i].value == (double)(first + i + 1));
    }
    mem_free(points);
}

static void check_newest_of_all_kinds(struct stage *stage, const struct quiet_model *model)
{
    static const size_t WANTED[] = {1, QUIET_LAST, 2 * QUIET_LAST + 1, 700, DENSE + 100};
    int64_t dense_end_ms = START_MS + DENSE * 1000;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        check_newest(stage, model, 0, 1LL << 50, WANTED[i]);
        check_newest(stage, model, START_MS + 777000, 1LL << 50, WANTED[i]);
        check_newest(stage, model, 0, dense_end_ms - 123000, WANTED[i]);
        check_newest(stage, model, dense_end_ms, dense_end_ms + HOUR_MS, WANTED[i]);
        /* In the window of the values after the first quiet, before them. */
        check_newest(stage, model, 0, dense_end_ms + 9 * HOUR_MS - 100000, WANTED[i]);
    }
}

ON_BOTH_ENGINES(the_newest_values_are_found_however_long_was_quiet_before_them)
{
    static const int64_t QUIET_MS[QUIETS] = {9 * HOUR_MS, 3 * 24 * HOUR_MS, 30 * 24 * HOUR_MS};
    int64_t at_ms = START_MS + DENSE * 1000;
    struct stage stage;
    static struct quiet_model model;
    model.count = 0;
    stage_init(&stage, place);
    put_stretch(&stage, &model, START_MS, DENSE);
    check_newest_of_all_kinds(&stage, &model);
    for (size_t i = 0; i < QUIETS; i++) {
        stage_settle(&stage);
        check_newest_of_all_kinds(&stage, &model);
        at_ms += QUIET_MS[i];
        put_stretch(&stage, &model, at_ms, QUIET_LAST);
        check_newest_of_all_kinds(&stage, &model);
    }
    stage_close(&stage);
}

/* --- detections --- */

#define MODEL_FRAMES 3000 /* of 100 ms: five minutes */
#define MODEL_TRACKS 12

struct crowd_model {
    bool has_frame[MODEL_FRAMES];
    int32_t x[MODEL_FRAMES][MODEL_TRACKS]; /* 0 = not seen; the first value sent stays */
};

static void put_random_batch(struct stage *stage, struct crowd_model *model,
                             struct random_sequence *chance)
{
    SCOPED_BATCH *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, "cam-1");
    for (uint64_t n = 1 + random_below(chance, 20); n > 0; n--) {
        size_t frame = random_below(chance, MODEL_FRAMES);
        model->has_frame[frame] = true;
        for (int64_t track = 0; track < MODEL_TRACKS; track++) {
            if (random_below(chance, 3) == 0)
                continue;
            struct batch_person person = {.track = track,
                                          .x = 1 + (int32_t)random_below(chance, 9)};
            CHECK_INT(batch_put_person(batch, &person), ERR_NONE);
            if (model->x[frame][track] == 0)
                model->x[frame][track] = person.x;
        }
        CHECK_INT(batch_close_frame(batch, START_MS + (int64_t)frame * 100), ERR_NONE);
    }
    put_batch(stage, batch);
}

static size_t check_frames(const struct crowd_model *model, const struct detection_batch *batch,
                           size_t next, int64_t *inout_persons)
{
    for (size_t f = 0; f < batch->frame_count; f++, next++) {
        while (next < MODEL_FRAMES && !model->has_frame[next])
            next++;
        CHECK(next < MODEL_FRAMES);
        CHECK_INT(batch->frame_at_ms[f], START_MS + (int64_t)next * 100);
        size_t expected = 0;
        for (size_t t = 0; t < MODEL_TRACKS; t++)
            expected += model->x[next][t] != 0;
        CHECK_INT(batch->frame_first[f + 1] - batch->frame_first[f], expected);
        *inout_persons += (int64_t)expected;
        for (size_t i = batch->frame_first[f]; i < batch->frame_first[f + 1]; i++)
            CHECK_INT(batch->x[i], model->x[next][batch->track[i]]);
    }
    return next;
}

static void check_crowd(struct stage *stage, const struct crowd_model *model)
{
    struct detections_query query = {.event = "demo",
                                     .device = "cam-1",
                                     .from_ms = START_MS,
                                     .to_ms = START_MS + MODEL_FRAMES * 100,
                                     .persons_max = 300};
    size_t next = 0;
    int64_t persons = 0;
    int64_t counted = 0;
    bool is_behind;
    struct answer_extent extent;
    CHECK_INT(readings_detections_count(stage->readings, &query, &counted, &is_behind), ERR_NONE);
    do {
        struct detection_batch **batches;
        size_t count;
        CHECK_INT(readings_detections(stage->readings, &query, &batches, &count, &extent),
                  ERR_NONE);
        CHECK(count <= 1);
        if (count == 1) {
            next = check_frames(model, batches[0], next, &persons);
            batch_unref(batches[0]);
        }
        mem_free(batches);
        query.from_ms = extent.next_ms;
    } while (query.from_ms != 0);
    while (next < MODEL_FRAMES)
        CHECK(!model->has_frame[next++]);
    CHECK_INT(counted, persons);
}

ON_BOTH_ENGINES(detections_read_like_a_naive_model_while_batches_come_late_twice_and_out_of_order)
{
    struct stage stage;
    stage_init(&stage, place);
    static struct crowd_model model;
    memset(&model, 0, sizeof model);
    struct random_sequence chance = {.state = 6};
    for (int round = 1; round <= 60; round++) {
        put_random_batch(&stage, &model, &chance);
        if (round % 20 == 0)
            stage_settle(&stage);
        if (round % 10 == 5 || round % 20 == 0)
            check_crowd(&stage, &model);
        if (round == 40) {
            stage_close(&stage);
            stage_open(&stage);
        }
    }
    CHECK(readings_last_seen(stage.readings, "demo", "nobody") == 0);
    stage_close(&stage);
}

static struct detection_batch *batch_of(int device, double scale, int64_t at_ms, size_t persons)
{
    struct detection_batch *batch = batch_create();
    (void)snprintf(batch->device, sizeof batch->device, "cam-%d", device);
    batch->scale_xy = scale;
    for (size_t i = 0; i < persons; i++)
        CHECK_INT(batch_put_person(batch, &(struct batch_person){.track = (int64_t)i,
                                                                 .x = (int32_t)(scale * 7)}),
                  ERR_NONE);
    CHECK_INT(batch_close_frame(batch, at_ms), ERR_NONE);
    return batch;
}

static int64_t count_all(struct stage *stage, const char *device)
{
    struct detections_query query = {
        .event = "demo", .device = device, .from_ms = START_MS, .to_ms = START_MS + 100000};
    int64_t count = -1;
    bool is_behind = true;
    CHECK_INT(readings_detections_count(stage->readings, &query, &count, &is_behind), ERR_NONE);
    CHECK(!is_behind);
    return count;
}

#define MANY_DEVICES 90

/* Each in two kinds of steps and three windows; some of it is sent again behind what is in chunks. */
ON_BOTH_ENGINES(an_event_is_counted_over_all_devices_steps_and_windows_however_often_they_are_sent)
{
    struct stage stage;
    stage_init(&stage, place);
    struct detection_batch *batches[MANY_DEVICES * 2];
    for (int round = 0; round < 5; round++) {
        int64_t at_ms = START_MS + (round % 3) * HISTORY_DETECTION_WINDOW_MS;
        for (int i = 0; i < MANY_DEVICES * 2; i++)
            batches[i] = batch_of(i / 2, i % 2 == 0 ? 1 : 2, at_ms + i % 2, (size_t)(1 + i % 3));
        put_batches(&stage, batches, COUNT_OF(batches));
        for (size_t i = 0; i < COUNT_OF(batches); i++)
            batch_unref(batches[i]);
        if (round == 2)
            stage_settle(&stage);
    }
    CHECK_INT(count_all(&stage, NULL), 3 * MANY_DEVICES * 2 * 2); /* two persons on average */
    CHECK_INT(count_all(&stage, "cam-3"), 3 * (1 + 2));           /* batches 6 and 7 */
    stage_settle(&stage);
    CHECK_INT(count_all(&stage, NULL), 3 * MANY_DEVICES * 2 * 2);
    stage_close(&stage);
}

/* docs/formats/detections.md, "Twice". */
ON_BOTH_ENGINES(a_frame_sent_again_in_other_steps_stands_beside_the_first)
{
    struct stage stage;
    stage_init(&stage, place);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) { /* whole pixels, tenths, and the whole ones again */
            SCOPED_BATCH *batch = batch_of(1, i == 1 ? 10 : 1, START_MS, 1);
            put_batch(&stage, batch);
        }
        CHECK_INT(count_all(&stage, "cam-1"), 2);
        stage_settle(&stage);
        CHECK_INT(count_all(&stage, "cam-1"), 2);
    }
    struct detections_query query = {
        .event = "demo", .device = "cam-1", .from_ms = START_MS, .to_ms = START_MS + 1};
    struct detection_batch **batches;
    size_t count;
    struct answer_extent extent;
    CHECK_INT(readings_detections(stage.readings, &query, &batches, &count, &extent), ERR_NONE);
    CHECK_INT(count, 2);
    CHECK_INT(batches[0]->x[0], 7);
    CHECK_INT(batches[1]->x[0], 70);
    for (size_t i = 0; i < count; i++)
        batch_unref(batches[i]);
    mem_free(batches);
    stage_close(&stage);
}

ON_BOTH_ENGINES(devices_heard_before_a_restart_are_known_after_it)
{
    struct stage stage;
    stage_init(&stage, place);
    SCOPED_BATCH *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, "cam-1");
    CHECK_INT(batch_close_frame(batch, START_MS), ERR_NONE);
    put_batch(&stage, batch);
    stage_settle(&stage);
    stage_close(&stage);
    stage_open(&stage);
    CHECK(readings_last_seen(stage.readings, "demo", "cam-1") > 0);
    stage_close(&stage);
}

ON_BOTH_ENGINES(sensors_heard_before_a_restart_are_known_after_it)
{
    struct stage stage;
    stage_init(&stage, place);
    put_values(&stage,
               (struct reading[]){{"lift-3:temperature", START_MS, 1},
                                  {"lift-3:load", START_MS, 2},
                                  {"zone.stage:people", START_MS, 3}},
               3);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, "SELECT COUNT(*) FROM sensor_heard"), 1);
    stage_close(&stage);
    stage_open(&stage);
    int64_t seen_ms = readings_last_seen(stage.readings, "demo", "lift-3");
    CHECK(seen_ms > START_MS && seen_ms <= clock_now_ms());
    CHECK_INT(stage_number(&stage, "SELECT at_ms FROM sensor_heard"), seen_ms);
    CHECK_INT(readings_last_seen(stage.readings, "demo", "lift-4"), 0);
    CHECK_INT(readings_last_seen(stage.readings, "demo", "zone.stage"), 0);
    stage_close(&stage);
}

/* What was committed and not yet gathered when the process ended: nobody received it here. */
ON_BOTH_ENGINES(what_history_had_not_written_before_a_restart_counts_soon_after_it)
{
    struct stage stage;
    stage_init(&stage, place);
    put_values(&stage, (struct reading[]){{"lift-3:temperature", START_MS, 1}}, 1);
    SCOPED_BATCH *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, "cam-1");
    CHECK_INT(batch_close_frame(batch, START_MS), ERR_NONE);
    put_batch(&stage, batch);
    stage_settle(&stage);
    int64_t deadline_ms = clock_now_ms() + STAGE_DEADLINE_MS;
    while ((readings_last_seen(stage.readings, "demo", "lift-3") == 0 ||
            readings_last_seen(stage.readings, "demo", "cam-1") == 0) &&
           clock_now_ms() < deadline_ms)
        continue; /* the mark is there a moment before */
    CHECK(clock_now_ms() < deadline_ms);
    stage_close(&stage);
}

ON_BOTH_ENGINES(time_that_a_clock_ahead_has_left_keeps_no_device_alive)
{
    struct stage stage;
    stage_init(&stage, place);
    CHECK_INT(place_write(stage.store, "INSERT INTO sensor_heard (event, device, at_ms) "
                                       "VALUES ('demo', 'lift-3', 9000000000000)"),
              ERR_NONE);
    stage_close(&stage);
    stage_open(&stage);
    CHECK(readings_last_seen(stage.readings, "demo", "lift-3") <= clock_now_ms());
    stage_close(&stage);
}

ON_BOTH_ENGINES(an_hour_of_a_zone_is_read_quickly)
{
    struct stage stage;
    stage_init(&stage, place);
    struct reading readings[360];
    for (int part = 0; part < 10; part++) {
        for (size_t i = 0; i < COUNT_OF(readings); i++) {
            int64_t at_ms = START_MS + (part * (int64_t)COUNT_OF(readings) + (int64_t)i) * 1000;
            readings[i] = (struct reading){"zone.stage:people", at_ms, (double)(i % 77)};
        }
        put_values(&stage, readings, COUNT_OF(readings));
    }
    stage_settle(&stage);
    struct series_query query = {.event = "demo",
                                 .series = "zone.stage:people",
                                 .from_ms = START_MS,
                                 .to_ms = START_MS + 3600000};
    struct series_point *points;
    size_t count;
    struct answer_extent extent;
    int64_t start_us = clock_monotonic_us();
    CHECK_INT(readings_query(stage.readings, &query, &points, &count, &extent, NULL), ERR_NONE);
    print_message("# 3,600 points in %lld us\n", (long long)(clock_monotonic_us() - start_us));
    CHECK_INT(count, 3600);
    mem_free(points);
    stage_close(&stage);
}
