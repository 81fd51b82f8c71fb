// SPDX-License-Identifier: Apache-2.0
/* One sender whose data cannot be kept, among others whose can. The database itself refuses it: a
 * unique index that the test adds stands for whatever a later day brings. */
#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "readings/history/stage_test.h"

#include <stdio.h>
#include <unistd.h>

#define REFUSED_PERSONS 7
#define COUNT_CHUNKS    "SELECT COUNT(*) FROM detection_chunk"
#define COUNT_SERIES    "SELECT COUNT(*) FROM series"
#define COUNT_BURIED    "SELECT COUNT(*) FROM store_dead_letter"
#define REFUSED_DEVICES "CREATE UNIQUE INDEX refused ON detection_chunk (persons) WHERE persons = 7"
#define REFUSED_VALUES                                                                             \
    "CREATE UNIQUE INDEX refused_too ON series (last_value) WHERE last_value = 13"
#define ONE_DEVICE_CHUNK "INSERT INTO detection_chunk VALUES (1, 0, 0, 7, '')"
#define ONE_SERIES       "INSERT INTO series VALUES (1, 'other', 'a:b', 'c', 0, 0, 13)"

static int64_t set_aside_count(void)
{
    static const char NAME[] = "\nmuster_history_set_aside_total ";
    SCOPED_TEXT out;
    text_init(&out, 1024 * 1024);
    metrics_expose(&out);
    const char *found = out.bytes == NULL ? NULL : strstr(out.bytes, NAME);
    return found == NULL ? 0 : strtoll(found + strlen(NAME), NULL, 10);
}

static struct detection_batch *batch_of(const char *device, int64_t at_ms, int persons)
{
    struct detection_batch *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, device);
    for (int i = 0; i < persons; i++)
        CHECK_INT(batch_put_person(batch, &(struct batch_person){.track = i}), ERR_NONE);
    CHECK_INT(batch_close_frame(batch, at_ms), ERR_NONE);
    return batch;
}

/* In one commit, so that they are gathered together: a device each, this many persons. */
static void put_persons(struct stage *stage, int64_t at_ms, const int *persons, size_t count)
{
    struct detection_batch *batches[16];
    CHECK(count <= COUNT_OF(batches));
    for (size_t i = 0; i < count; i++) {
        char device[LIMIT_ID_LEN + 1] = "cam-a";
        device[4] = (char)('a' + i);
        batches[i] = batch_of(device, at_ms, persons[i]);
    }
    put_batches(stage, batches, count);
    for (size_t i = 0; i < count; i++)
        batch_unref(batches[i]);
}

static int64_t count_of(struct stage *stage, const char *device)
{
    struct detections_query query = {
        .event = "demo", .device = device, .to_ms = START_MS + 3600000};
    int64_t count = 0;
    bool is_behind;
    CHECK_INT(readings_detections_count(stage->readings, &query, &count, &is_behind), ERR_NONE);
    return count;
}

static void stage_init_refusing(struct stage *stage, const struct place *place)
{
    stage_init(stage, place);
    CHECK_INT(place_write(stage->store, ONE_DEVICE_CHUNK), ERR_NONE);
    CHECK_INT(place_write(stage->store, REFUSED_DEVICES), ERR_NONE);
    CHECK_INT(place_write(stage->store, ONE_SERIES), ERR_NONE);
    CHECK_INT(place_write(stage->store, REFUSED_VALUES), ERR_NONE);
}

ON_BOTH_ENGINES(a_device_whose_chunk_cannot_be_kept_harms_no_other_in_the_same_flush)
{
    struct stage stage;
    stage_init_refusing(&stage, place);
    int64_t before = set_aside_count();
    put_persons(&stage, START_MS, (int[]){3, 2, REFUSED_PERSONS, 4, 5}, 5);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, COUNT_CHUNKS), 1 + 4);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    CHECK_INT(count_of(&stage, "cam-a"), 3);
    CHECK_INT(count_of(&stage, "cam-c"), 0);
    CHECK_INT(count_of(&stage, "cam-d"), 4);
    CHECK_INT(count_of(&stage, "cam-e"), 5);
    CHECK_INT(set_aside_count() - before, 1);
    stage_close(&stage);
}

ON_BOTH_ENGINES(a_device_that_was_set_aside_is_kept_again_as_soon_as_it_can_be)
{
    struct stage stage;
    stage_init_refusing(&stage, place);
    put_persons(&stage, START_MS, (int[]){3, REFUSED_PERSONS}, 2);
    stage_settle(&stage);
    put_persons(&stage, START_MS + HISTORY_DETECTION_WINDOW_MS, (int[]){3, 6}, 2);
    stage_settle(&stage);
    CHECK_INT(count_of(&stage, "cam-a"), 6);
    CHECK_INT(count_of(&stage, "cam-b"), 6);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    stage_close(&stage);
}

ON_BOTH_ENGINES(a_flush_of_which_nothing_can_be_kept_does_not_stop_history)
{
    struct stage stage;
    stage_init_refusing(&stage, place);
    int64_t before = set_aside_count();
    put_persons(&stage, START_MS, (int[]){REFUSED_PERSONS, REFUSED_PERSONS}, 2);
    stage_settle(&stage);
    CHECK_INT(set_aside_count() - before, 2);
    CHECK_INT(stage_number(&stage, COUNT_CHUNKS), 1);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    put_persons(&stage, START_MS, (int[]){1, 2}, 2);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, COUNT_CHUNKS), 3);
    stage_close(&stage);
}

ON_BOTH_ENGINES(a_series_that_cannot_be_kept_harms_no_other_in_the_same_flush)
{
    struct stage stage;
    stage_init_refusing(&stage, place);
    int64_t before = set_aside_count();
    put_readings_apart(&stage,
                       (struct reading[]){{"lift-1:load", START_MS, 1},
                                          {"lift-2:load", START_MS, 13},
                                          {"lift-3:load", START_MS, 3},
                                          {"lift-4:load", START_MS, 4}},
                       4);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, COUNT_SERIES), 1 + 3);
    CHECK_INT(stage_number(&stage, "SELECT COUNT(*) FROM series WHERE name = 'lift-2:load'"), 0);
    CHECK_INT(stage_number(&stage, "SELECT COUNT(*) FROM series_chunk WHERE level = 0"), 3);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    CHECK_INT(set_aside_count() - before, 1);
    stage_close(&stage);
}

ON_BOTH_ENGINES(a_record_that_cannot_be_read_is_counted_and_left_out)
{
    struct stage stage;
    stage_init(&stage, place);
    int64_t before = set_aside_count();
    put_persons(&stage, START_MS, (int[]){3}, 1);
    CHECK_INT(place_append(stage.store, "detections", "demo/park", "no batch"), ERR_NONE);
    put_persons(&stage, START_MS + 1, (int[]){3}, 1);
    stage_settle(&stage);
    CHECK_INT(count_of(&stage, "cam-a"), 6);
    CHECK(set_aside_count() > before);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    stage_close(&stage);
}

/* --- what the log says --- */

#define LOG_BYTES_MAX (64 * 1024)

struct captured { /* stderr, while it goes into a file */
    FILE *file;
    int before;
};

static void capture_begin(struct captured *captured)
{
    captured->file = tmpfile();
    captured->before = dup(STDERR_FILENO);
    CHECK(captured->file != NULL && captured->before >= 0);
    CHECK(dup2(fileno(captured->file), STDERR_FILENO) >= 0);
}

static void capture_end(struct captured *captured)
{
    CHECK(dup2(captured->before, STDERR_FILENO) >= 0);
    (void)close(captured->before);
    (void)fclose(captured->file);
}

static int count_in_log(const struct captured *captured, const char *words)
{
    SCOPED_MEM char *bytes = mem_new(LOG_BYTES_MAX + 1);
    int count = 0;
    CHECK(pread(fileno(captured->file), bytes, LOG_BYTES_MAX, 0) >= 0);
    for (const char *p = bytes; (p = strstr(p, words)) != NULL; p++)
        count++;
    return count;
}

ON_BOTH_ENGINES(a_device_that_is_set_aside_again_and_again_is_named_once)
{
    struct stage stage;
    struct captured captured;
    stage_init_refusing(&stage, place);
    int64_t before = set_aside_count();
    capture_begin(&captured);
    for (int i = 0; i < 3; i++) {
        put_persons(&stage, START_MS + i * HISTORY_DETECTION_WINDOW_MS, (int[]){REFUSED_PERSONS, 2},
                    2);
        stage_settle(&stage);
    }
    int named = count_in_log(&captured, "name=\"cam-a\"");
    capture_end(&captured);
    CHECK_INT(named, 1);
    CHECK(set_aside_count() - before >= 3);
    CHECK_INT(count_of(&stage, "cam-b"), 6);
    stage_close(&stage);
}

ON_BOTH_ENGINES(while_chunks_cannot_be_read_nobody_is_blamed_and_nothing_is_lost)
{
    static const char STUCK[] = "chunks cannot be read";
    struct stage stage;
    struct captured captured;
    stage_init(&stage, place);
    capture_begin(&captured);
    CHECK_INT(place_write(stage.store, "ALTER TABLE series_chunk RENAME TO elsewhere"), ERR_NONE);
    put_values(&stage, &(struct reading){"lift-3:load", START_MS, 1}, 1);
    int64_t deadline_ms = clock_now_ms() + STAGE_DEADLINE_MS;
    while (count_in_log(&captured, STUCK) == 0 && clock_now_ms() < deadline_ms)
        ;
    CHECK_INT(place_write(stage.store, "ALTER TABLE elsewhere RENAME TO series_chunk"), ERR_NONE);
    stage_settle(&stage);
    int told = count_in_log(&captured, STUCK);
    capture_end(&captured);
    CHECK_INT(told, 1);
    CHECK_INT(stage_number(&stage, "SELECT COUNT(*) FROM series_chunk WHERE level = 0"), 1);
    CHECK_INT(stage_number(&stage, COUNT_BURIED), 0);
    stage_close(&stage);
}
