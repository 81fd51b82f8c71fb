// SPDX-License-Identifier: Apache-2.0
#include "readings/history/stage_test.h"

#include "base/clock.h"

#define KEEP_LONG_MS (1LL << 50)

void stage_open(struct stage *stage)
{
    struct err_note note = {0};
    int64_t keep_ms = stage->keep_ms > 0 ? stage->keep_ms : KEEP_LONG_MS;
    stage->store = place_open(stage->place, &readings_store_module, 1);
    CHECK_INT(readings_open(&(struct readings_options){.telemetry_store = stage->store,
                                                       .keep_detections_ms = keep_ms,
                                                       .keep_points_ms = keep_ms,
                                                       .gather_ms = 1},
                            &stage->readings, &note),
              ERR_NONE);
}

void stage_init(struct stage *stage, const struct place *place)
{
    *stage = (struct stage){.place = place};
    stage_open(stage);
}

void stage_close(struct stage *stage)
{
    readings_close(stage->readings);
    store_close(stage->store);
}

static enum err count_record(void *context, struct stream_record *record)
{
    (void)record;
    ++*(int64_t *)context;
    return ERR_NONE;
}

static int64_t count_tail(struct stage *stage, const char *stream)
{
    int64_t count = 0;
    bool is_behind;
    struct db *db = store_reader_take(stage->store);
    CHECK(db != NULL);
    CHECK_INT(history_read_tail(db,
                                &(struct history_tail){.stream = stream,
                                                       .shards = HISTORY_ALL_SHARDS,
                                                       .visit = count_record,
                                                       .context = &count},
                                &is_behind),
              ERR_NONE);
    store_reader_give(stage->store, db);
    return count;
}

void stage_settle(struct stage *stage)
{
    int64_t deadline_ms = clock_now_ms() + STAGE_DEADLINE_MS;
    int64_t left;
    do {
        left = count_tail(stage, "readings") + count_tail(stage, "detections");
    } while (left > 0 && clock_now_ms() < deadline_ms);
    CHECK_INT(left, 0);
}

int64_t stage_number(struct stage *stage, const char *sql)
{
    int64_t number = -1;
    struct db *db = store_reader_take(stage->store);
    CHECK(db != NULL);
    CHECK_INT(sql_one_int(db, &number, sql), ERR_NONE);
    store_reader_give(stage->store, db);
    return number;
}

void stage_wait_for(struct stage *stage, const char *sql, int64_t wanted)
{
    int64_t deadline_ms = clock_now_ms() + STAGE_DEADLINE_MS;
    while (stage_number(stage, sql) != wanted && clock_now_ms() < deadline_ms)
        ;
    CHECK_INT(stage_number(stage, sql), wanted);
}

struct sending {
    const struct reading *readings;
    size_t count; /* of readings in one record */
    struct detection_batch *const *batches;
    size_t record_count;
};

static enum err send_readings(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct sending *sending = context;
    for (size_t i = 0; i < sending->record_count; i++)
        TRY(readings_append(db, "demo", "park", sending->readings + i * sending->count,
                            sending->count, NULL));
    return ERR_NONE;
}

void put_values(struct stage *stage, const struct reading *readings, size_t count)
{
    struct sending sending = {.readings = readings, .count = count, .record_count = 1};
    CHECK_INT(store_write(stage->store, send_readings, &sending, NULL), ERR_NONE);
}

void put_readings_apart(struct stage *stage, const struct reading *readings, size_t count)
{
    struct sending sending = {.readings = readings, .count = 1, .record_count = count};
    CHECK_INT(store_write(stage->store, send_readings, &sending, NULL), ERR_NONE);
}

static enum err send_batch(struct db *db, const struct detection_batch *batch)
{
    struct packer packer = {0};
    detections_pack(&packer, batch, SEAL_FAST);
    enum err err = stream_append(db,
                                 &(struct stream_append){.stream = "detections",
                                                         .key = "demo/park",
                                                         .kind = "detections.packed",
                                                         .body = packer.bytes,
                                                         .body_len = packer.len},
                                 NULL);
    packer_fini(&packer);
    return err;
}

static enum err send_batches(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct sending *sending = context;
    for (size_t i = 0; i < sending->record_count; i++)
        TRY(send_batch(db, sending->batches[i]));
    return ERR_NONE;
}

void put_batches(struct stage *stage, struct detection_batch *const *batches, size_t count)
{
    struct sending sending = {.batches = batches, .record_count = count};
    CHECK_INT(store_write(stage->store, send_batches, &sending, NULL), ERR_NONE);
}

void put_batch(struct stage *stage, struct detection_batch *batch)
{
    put_batches(stage, &batch, 1);
}
