// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/lock.h"
#include "base/random.h"
#include "store/place_test.h"

#include <stdatomic.h>

static enum err read_last_key(void *context, struct stream_record *record)
{
    (void)snprintf(context, 32, "%s", record->key);
    return ERR_NONE;
}

static int64_t last_of(struct store *store, const char *stream, int shard)
{
    struct db *db = store_reader_take(store);
    int64_t position = -1;
    enum err err = stream_last(db, stream, shard, &position);
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return position;
}

ON_BOTH_ENGINES(records_come_back_in_order_with_all_they_carried)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    int64_t before_ms = clock_now_ms();
    CHECK_INT(place_append(store, "facts", "demo/park", "one"), ERR_NONE);
    CHECK_INT(place_append(store, "facts", "demo/park", ""), ERR_NONE);
    int shard = stream_shard_of("demo/park");
    CHECK_INT(last_of(store, "facts", shard), 2);
    CHECK_INT(last_of(store, "other", shard), 0);
    struct db *db = store_reader_take(store);
    char key[32] = "";
    CHECK_INT(stream_read(db, "facts", shard, 1, 10, read_last_key, key), ERR_NONE);
    CHECK_TEXT(key, "demo/park");
    struct sql_rows rows;
    CHECK_INT(sql_query(db, &rows,
                        "SELECT at_ms, kind, body, bytes_total FROM store_record"
                        " WHERE position = 1"),
              ERR_NONE);
    CHECK(sql_next(&rows));
    CHECK(sql_int(&rows, 0) >= before_ms && sql_int(&rows, 0) <= clock_now_ms());
    CHECK_TEXT(sql_text(&rows, 1), "test");
    size_t len = 0;
    CHECK(memcmp(sql_blob(&rows, 2, &len), "one", 3) == 0);
    CHECK_INT(sql_int(&rows, 3), 3);
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(positions_go_on_after_opening_again)
{
    for (int round = 1; round <= 3; round++) {
        SCOPED(store) store = place_open(place, NULL, 0);
        CHECK_INT(place_append(store, "facts", "k", "x"), ERR_NONE);
        CHECK_INT(last_of(store, "facts", stream_shard_of("k")), round);
    }
}

ON_BOTH_ENGINES(a_record_over_the_limit_is_refused)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    SCOPED_MEM char *body = mem_new(LIMIT_RECORD_BYTES + 2);
    memset(body, 'x', LIMIT_RECORD_BYTES + 1);
    CHECK_INT(place_append(store, "facts", "k", body), ERR_TOO_LARGE);
    body[LIMIT_RECORD_BYTES] = '\0';
    CHECK_INT(place_append(store, "facts", "k", body), ERR_NONE);
    CHECK_INT(place_record_count(store, "facts"), 1);
}

/* --- the fast path --- */

struct submitted {
    struct lock lock;
    struct signal signal;
    int answered;
    int64_t last_position;
    enum err worst;
};

static void submitted_done(void *context, enum err result, const struct stream_record *record)
{
    struct submitted *submitted = context;
    LOCKED(&submitted->lock);
    submitted->answered++;
    submitted->worst = MAX(submitted->worst, result);
    submitted->last_position = record->position;
    signal_wake(&submitted->signal);
}

static void wait_for(struct submitted *submitted, int count)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    LOCKED(&submitted->lock);
    while (submitted->answered < count)
        CHECK(signal_wait_until(&submitted->signal, &submitted->lock, deadline_us));
}

ON_BOTH_ENGINES(submitted_records_are_stored_in_the_order_of_their_submission)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct submitted submitted = {0};
    lock_init(&submitted.lock);
    signal_init(&submitted.signal);
    for (int i = 0; i < 500; i++) {
        struct stream_append append = {
            .stream = "facts", .key = "k", .kind = "test", .body = &i, .body_len = sizeof i};
        struct stream_record *record = stream_record_create(&append);
        CHECK_INT(stream_submit(store, record, submitted_done, &submitted), ERR_NONE);
    }
    wait_for(&submitted, 500);
    CHECK_INT(submitted.worst, ERR_NONE);
    CHECK_INT(submitted.last_position, 500);
    CHECK_INT(place_record_count(store, "facts"), 500);
    struct db *db = store_reader_take(store);
    int64_t disordered = -1;
    CHECK_INT(
        sql_one_int(db, &disordered,
                    "SELECT COUNT(*) FROM store_record a JOIN store_record b"
                    " ON b.stream = a.stream AND b.shard = a.shard"
                    " AND b.position = a.position + 1 WHERE b.bytes_total <> a.bytes_total + 4"),
        ERR_NONE);
    store_reader_give(store, db);
    CHECK_INT(disordered, 0);
    signal_fini(&submitted.signal);
    lock_fini(&submitted.lock);
}

/* --- model against implementation --- */

#define MODEL_STREAMS 2
#define MODEL_KEYS    6
#define MODEL_MAX     4000

struct model { /* per stream and shard, the numbers in their order */
    int64_t numbers[MODEL_STREAMS][STREAM_SHARDS][MODEL_MAX];
    int64_t count[MODEL_STREAMS][STREAM_SHARDS];
    int64_t removed[MODEL_STREAMS][STREAM_SHARDS];
};

static const char *const STREAMS[MODEL_STREAMS] = {"alpha", "beta"};

struct work { /* one command: some appends, and whether it then fails */
    struct random_sequence chance;
    struct model *model;
    int64_t next_number;
    bool fails;
};

static enum err append_number(struct work *work, struct db *db, int64_t *inout_last)
{
    char key[16];
    int stream = (int)random_below(&work->chance, MODEL_STREAMS);
    (void)snprintf(key, sizeof key, "key%d", (int)random_below(&work->chance, MODEL_KEYS));
    int64_t number = work->next_number++;
    struct stream_append append = {.stream = STREAMS[stream],
                                   .key = key,
                                   .kind = "number",
                                   .body = &number,
                                   .body_len = sizeof number};
    TRY(stream_append(db, &append, inout_last));
    int shard = stream_shard_of(key);
    int64_t *count = &work->model->count[stream][shard];
    work->model->numbers[stream][shard][(*count)++] = number;
    CHECK_INT(*inout_last, *count);
    int64_t seen = 0;
    TRY(stream_last(db, STREAMS[stream], shard, &seen));
    CHECK_INT(seen, *count);
    return ERR_NONE;
}

static enum err work_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct work *work = context;
    int64_t position = 0;
    uint64_t appends = random_below(&work->chance, 8);
    for (uint64_t i = 0; i < appends; i++)
        TRY(append_number(work, db, &position));
    TRY(note_add(db, work->next_number++, "x"));
    return work->fails ? ERR_INVALID : ERR_NONE;
}

struct compared {
    const struct model *model;
    int stream, shard;
    int64_t next;
};

static enum err compare_one(void *context, struct stream_record *record)
{
    struct compared *c = context;
    int64_t number;
    CHECK_INT(record->position, c->next + 1);
    CHECK_INT(record->body_len, sizeof number);
    memcpy(&number, record->body, sizeof number);
    CHECK_INT(number, c->model->numbers[c->stream][c->shard][c->next]);
    c->next++;
    return ERR_NONE;
}

static void compare(struct store *store, const struct model *model, struct random_sequence *chance)
{
    struct db *db = store_reader_take(store);
    for (int stream = 0; stream < MODEL_STREAMS; stream++) {
        for (int shard = 0; shard < STREAM_SHARDS; shard++) {
            int64_t count = model->count[stream][shard];
            int64_t after = (int64_t)random_below(chance, (uint64_t)count + 1);
            struct compared c = {.model = model, .stream = stream, .shard = shard, .next = after};
            CHECK_INT(stream_read(db, STREAMS[stream], shard, after, MODEL_MAX, compare_one, &c),
                      ERR_NONE);
            CHECK_INT(c.next, count);
        }
    }
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(streams_do_what_a_simple_model_does_under_random_commands)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct place other = *place;
        (void)snprintf(other.name, sizeof other.name, "%.20s-%d", place->name, (int)seed);
        struct store *store = place_open(&other, NULL, 0);
        SCOPED_MEM struct model *model = mem_new(sizeof *model);
        SCOPED_MEM struct model *kept = mem_new(sizeof *kept);
        struct work work = {.chance = {seed}, .model = model, .next_number = 1};
        for (int i = 0; i < 200; i++) {
            *kept = *model;
            work.fails = random_below(&work.chance, 4) == 0;
            enum err err = store_write(store, work_run, &work, NULL);
            CHECK_INT(err, work.fails ? ERR_INVALID : ERR_NONE);
            if (err != ERR_NONE)
                *model = *kept; /* undone: its positions are given again */
            if (i % 20 == 0)
                compare(store, model, &work.chance);
            if (i % 70 == 69) {
                store_close(store);
                store = place_open(&other, NULL, 0);
            }
        }
        compare(store, model, &work.chance);
        store_close(store);
    }
}

/* --- retention --- */

#define HOUR_MS INT64_C(3600000)

static void retain(struct store *store, const struct stream_retention *retention, int64_t now_ms)
{
    for (int i = 0; i < 20; i++)
        CHECK_INT(stream_retain(store, retention, now_ms, NULL), ERR_NONE);
}

ON_BOTH_ENGINES(what_is_too_old_goes_and_positions_go_on)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    for (int i = 0; i < 5; i++)
        CHECK_INT(place_append(store, "facts", "k", "body"), ERR_NONE);
    struct stream_retention retention = {.stream = "facts", .age_max_ms = HOUR_MS};
    retain(store, &retention, clock_now_ms() + HOUR_MS - 10000);
    CHECK_INT(place_record_count(store, "facts"), 5);
    retain(store, &retention, clock_now_ms() + HOUR_MS + 10000);
    CHECK_INT(place_record_count(store, "facts"), 0);
    CHECK_INT(last_of(store, "facts", stream_shard_of("k")), 5);
    CHECK_INT(place_append(store, "facts", "k", "body"), ERR_NONE);
    CHECK_INT(last_of(store, "facts", stream_shard_of("k")), 6);
}

ON_BOTH_ENGINES(positions_go_on_after_everything_was_removed_and_the_store_opened_again)
{
    struct stream_retention retention = {.stream = "facts", .age_max_ms = HOUR_MS};
    for (int round = 1; round <= 3; round++) {
        SCOPED(store) store = place_open(place, NULL, 0);
        CHECK_INT(place_append(store, "facts", "k", "body"), ERR_NONE);
        CHECK_INT(last_of(store, "facts", stream_shard_of("k")), round);
        retain(store, &retention, clock_now_ms() + 2 * HOUR_MS);
        CHECK_INT(place_record_count(store, "facts"), 0);
    }
}

ON_BOTH_ENGINES(bytes_over_the_bound_go_oldest_first)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    for (int i = 0; i < 100; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i);
        CHECK_INT(place_append(store, "facts", key, "0123456789"), ERR_NONE);
    }
    struct stream_retention retention = {.stream = "facts", .bytes_max = 300};
    retain(store, &retention, clock_now_ms());
    int64_t left = place_record_count(store, "facts");
    CHECK(left <= 30 && left >= 27);
    for (int i = 0; i < 4; i++)
        CHECK_INT(place_append(store, "facts", "k", "0123456789"), ERR_NONE);
    retain(store, &retention, clock_now_ms());
    CHECK(place_record_count(store, "facts") <= 30);
}

static int64_t count_of(struct store *store, const char *key)
{
    struct db *db = store_reader_take(store);
    int64_t count = -1;
    enum err err =
        sql_one_int(db, &count, "SELECT COUNT(*) FROM store_record WHERE key = $1", SQL_TEXT(key));
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return count;
}

static void key_in(char key[16], const char *start, int shard)
{
    int i = 0;
    do
        (void)snprintf(key, 16, "%s%d", start, i++);
    while (stream_shard_of(key) != shard);
}

ON_BOTH_ENGINES(of_a_stream_that_is_too_large_the_shard_with_the_oldest_record_gives_way)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    char old[16], young[16], sql[160];
    key_in(old, "old", STREAM_SHARDS - 1);
    key_in(young, "young", 0);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(place_append(store, "facts", young, "0123456789"), ERR_NONE);
        CHECK_INT(place_append(store, "facts", old, "0123456789"), ERR_NONE);
    }
    (void)snprintf(sql, sizeof sql, "UPDATE store_record SET at_ms = at_ms + 1000 WHERE key = '%s'",
                   young);
    CHECK_INT(place_write(store, sql), ERR_NONE);
    struct stream_retention retention = {.stream = "facts", .bytes_max = 165};
    retain(store, &retention, clock_now_ms());
    CHECK_INT(count_of(store, old), 6);
    CHECK_INT(count_of(store, young), 10);
    retention.bytes_max = 35; /* the old are gone before the young begin to go */
    retain(store, &retention, clock_now_ms());
    CHECK_INT(count_of(store, old), 0);
    CHECK_INT(count_of(store, young), 3);
}

ON_BOTH_ENGINES(what_a_consumer_still_needs_stays_until_its_age_bound)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(place_append(store, "facts", "k", "body"), ERR_NONE);
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO store_hold (stream, consumer, shard, position)"
                   " VALUES ('facts', 'slow', %d, 4)",
                   stream_shard_of("k"));
    CHECK_INT(place_write(store, sql), ERR_NONE);
    struct stream_retention retention = {
        .stream = "facts", .age_max_ms = HOUR_MS, .hold_ms = 3 * HOUR_MS};
    retain(store, &retention, clock_now_ms() + 2 * HOUR_MS);
    CHECK_INT(place_record_count(store, "facts"), 6);
    retain(store, &retention, clock_now_ms() + 5 * HOUR_MS);
    CHECK_INT(place_record_count(store, "facts"), 0);
}
