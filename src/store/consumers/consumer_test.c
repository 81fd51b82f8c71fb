// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/lock.h"
#include "base/random.h"
#include "store/consumers/lease.h"
#include "store/place_test.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS 16

static const struct store_migration seen_migrations[] = {
    {1, "CREATE TABLE seen (id BIGINT PRIMARY KEY, shard BIGINT NOT NULL)"},
};
static const struct store_module seen_module = {"seen", seen_migrations, 1};

/* A consumer that notes every record's number; some trouble can be ordered. */
struct reader {
    struct consumer_options options;
    struct consumer *consumer;
    atomic_int applied, ticks, owned, lost, skipped;
    atomic_int failures_left; /* apply() fails this often with ERR_IO */
    atomic_int busy_left;     /* or ERR_BUSY */
    int64_t poison;           /* this number always fails */
};

static int64_t number_of(const struct stream_record *record)
{
    char text[24] = {0};
    memcpy(text, record->body, MIN(record->body_len, sizeof text - 1));
    return strtoll(text, NULL, 10);
}

static enum err reader_apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct reader *reader = context;
    for (size_t i = 0; i < batch->record_count; i++) {
        int64_t number = number_of(batch->records[i]);
        TRY(sql_run(db, "INSERT INTO seen (id, shard) VALUES ($1, $2)", SQL_INT(number),
                    SQL_INT(batch->shard)));
        if (number == reader->poison)
            return ERR_CORRUPT;
    }
    if (reader->failures_left > 0 && atomic_fetch_sub(&reader->failures_left, 1) > 0)
        return ERR_IO;
    if (reader->busy_left > 0 && atomic_fetch_sub(&reader->busy_left, 1) > 0)
        return ERR_BUSY;
    return ERR_NONE;
}

static void reader_applied(void *context, const struct consumer_batch *batch)
{
    struct reader *reader = context;
    atomic_fetch_add(&reader->applied, (int)batch->record_count);
}

static void reader_owned(void *context, int shard, int64_t *inout_position)
{
    (void)shard;
    (void)inout_position;
    atomic_fetch_add(&((struct reader *)context)->owned, 1);
}

static void reader_lost(void *context, int shard)
{
    (void)shard;
    atomic_fetch_add(&((struct reader *)context)->lost, 1);
}

static void reader_skipped(void *context, int shard, int64_t from, int64_t to)
{
    (void)shard;
    atomic_fetch_add(&((struct reader *)context)->skipped, (int)(to - from + 1));
}

static void reader_start(struct reader *reader, struct store *source, struct store *target)
{
    reader->options = (struct consumer_options){.name = "reader",
                                                .stream = "facts",
                                                .source = source,
                                                .target = target,
                                                .context = reader,
                                                .owned = reader_owned,
                                                .lost = reader_lost,
                                                .skipped = reader_skipped,
                                                .apply = reader_apply,
                                                .applied = reader_applied};
    CHECK_INT(consumer_start(&reader->options, &reader->consumer, NULL), ERR_NONE);
}

static void append_numbers(struct store *store, int64_t first, int64_t count)
{
    for (int64_t i = first; i < first + count; i++) {
        char key[16], body[24];
        (void)snprintf(key, sizeof key, "key-%d", (int)(i % KEYS));
        (void)snprintf(body, sizeof body, "%lld", (long long)i);
        CHECK_INT(place_append(store, "facts", key, body), ERR_NONE);
    }
}

static int64_t ask(struct store *store, const char *sql)
{
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    int64_t value = -1;
    enum err err = sql_one_int(db, &value, sql);
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return value;
}

#define SEEN "SELECT COUNT(*) FROM seen"
static int64_t soon(void)
{
    return clock_now_ms() + 20000;
}

ON_BOTH_ENGINES(every_record_has_its_effect_once_and_the_lag_is_gone)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    append_numbers(store, 1, 40); /* before the consumer is there: from the table */
    struct reader reader = {0};
    reader_start(&reader, store, store);
    append_numbers(store, 41, 60); /* while it is: from memory */
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    CHECK_INT(ask(store, SEEN), 100);
    int64_t lag = -1;
    CHECK_INT(consumer_lag(reader.consumer, &lag), ERR_NONE);
    CHECK_INT(lag, 0);
    CHECK_INT(reader.owned, STREAM_SHARDS);
    consumer_stop(reader.consumer);
    CHECK_INT(reader.applied, 100);
}

ON_BOTH_ENGINES(a_consumer_goes_on_where_it_was_stopped)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    for (int round = 0; round < 3; round++) {
        struct reader reader = {0};
        reader_start(&reader, store, store);
        append_numbers(store, 1 + round * 20, 20);
        CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
        consumer_stop(reader.consumer);
        CHECK_INT(reader.applied, 20);
    }
    CHECK_INT(ask(store, SEEN), 60);
}

ON_BOTH_ENGINES(effects_may_go_to_another_store)
{
    struct place other = *place;
    (void)snprintf(other.name, sizeof other.name, "%.20s-target", place->name);
    SCOPED(store) source = place_open(place, &seen_module, 1);
    SCOPED(store) target = place_open(&other, &seen_module, 1);
    struct reader reader = {0};
    reader_start(&reader, source, target);
    append_numbers(source, 1, 50);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(target, SEEN), 50);
    CHECK_INT(ask(source, SEEN), 0);
}

ON_BOTH_ENGINES(failures_that_pass_delay_effects_and_never_repeat_them)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    append_numbers(store, 1, 64);
    struct reader reader = {.failures_left = 5, .busy_left = 4};
    reader_start(&reader, store, store);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(store, SEEN), 64);
    CHECK_INT(reader.applied, 64);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM store_dead_letter"), 0);
}

ON_BOTH_ENGINES(a_record_that_always_fails_becomes_a_dead_letter_and_the_others_pass)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    append_numbers(store, 1, 64);
    struct reader reader = {.poison = 29};
    reader_start(&reader, store, store);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(store, SEEN), 63);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM seen WHERE id = 29"), 0);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM store_dead_letter"), 1);
    struct reader after = {0};
    reader_start(&after, store, store);
    append_numbers(store, 65, 16);
    CHECK_INT(consumer_wait_idle(after.consumer, soon()), ERR_NONE);
    consumer_stop(after.consumer);
    CHECK_INT(after.applied, 16);
}

/* A consumer that begins anew from its first record until all are read, as history does; the record
 * `poison` fails there, and with `is_away` the database cannot be read. */
struct holder {
    struct reader reader;
    int64_t first; /* of the shard that is watched */
    atomic_bool is_away;
    atomic_int poison_failures, away_count;
};

static enum err holder_prepare(void *context, const struct consumer_batch *batch,
                               int64_t *inout_position, bool *out_has_effects)
{
    struct holder *holder = context;
    *out_has_effects = false;
    *inout_position = 0;
    for (size_t i = 0; i < batch->record_count; i++) {
        int64_t number = number_of(batch->records[i]);
        if (atomic_load(&holder->is_away) && number == holder->first) {
            atomic_fetch_add(&holder->away_count, 1);
            return ERR_BUSY;
        }
        if (number == holder->reader.poison) {
            atomic_fetch_add(&holder->poison_failures, 1);
            return ERR_CORRUPT;
        }
    }
    return ERR_NONE;
}

static void wait_for_count(atomic_int *count, int least)
{
    int64_t deadline_ms = soon();
    while (atomic_load(count) < least) {
        CHECK(clock_now_ms() < deadline_ms);
        (void)poll(NULL, 0, 1);
    }
}

/* The dead letters cannot be written when the record has failed often enough, and then the database is
 * away while another record is at hand. */
ON_BOTH_ENGINES(a_record_that_only_waits_is_not_buried_for_another)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    for (int64_t number = 1; number <= 2; number++) {
        char body[24];
        (void)snprintf(body, sizeof body, "%lld", (long long)number);
        CHECK_INT(place_append(store, "facts", "one-key", body), ERR_NONE);
    }
    struct holder holder = {.reader = {.poison = 2}, .first = 1};
    CHECK_INT(place_write(store, "ALTER TABLE store_dead_letter RENAME TO elsewhere"), ERR_NONE);
    const struct consumer_options options = {.name = "holder",
                                             .stream = "facts",
                                             .source = store,
                                             .target = store,
                                             .context = &holder,
                                             .prepare = holder_prepare};
    CHECK_INT(consumer_start(&options, &holder.reader.consumer, NULL), ERR_NONE);
    wait_for_count(&holder.poison_failures, CONSUMER_ATTEMPTS + 2);
    atomic_store(&holder.is_away, true);
    wait_for_count(&holder.away_count, 1);
    CHECK_INT(place_write(store, "ALTER TABLE elsewhere RENAME TO store_dead_letter"), ERR_NONE);
    wait_for_count(&holder.away_count, 3);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM store_dead_letter"), 0);
    atomic_store(&holder.is_away, false);
    CHECK_INT(consumer_wait_idle(holder.reader.consumer, soon()), ERR_NONE);
    consumer_stop(holder.reader.consumer);
    CHECK_INT(ask(store, "SELECT SUM(position) FROM store_dead_letter"), 2);
}

static enum err tick_prepare(void *context, const struct consumer_batch *batch,
                             int64_t *inout_position, bool *out_has_effects)
{
    struct reader *reader = context;
    (void)inout_position;
    (void)out_has_effects;
    if (batch->record_count == 0)
        atomic_fetch_add(&reader->ticks, 1);
    return ERR_NONE;
}

ON_BOTH_ENGINES(an_idle_consumer_ticks_and_keeps_its_position)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    append_numbers(store, 1, 30);
    struct reader reader = {0};
    reader.options = (struct consumer_options){.name = "ticker",
                                               .stream = "facts",
                                               .source = store,
                                               .target = store,
                                               .context = &reader,
                                               .tick_ms = 5,
                                               .prepare = tick_prepare};
    CHECK_INT(consumer_start(&reader.options, &reader.consumer, NULL), ERR_NONE);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    while (reader.ticks < 20)
        CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(store, "SELECT SUM(position) FROM store_consumer WHERE consumer = 'ticker'"), 30);
}

/* What a consumer was told of the time, by shard. */
struct told {
    _Atomic int64_t told_ms[STREAM_SHARDS];
    atomic_int records, early; /* with a time that was told to be over */
    atomic_int ticks, done;
};

static enum err told_prepare(void *context, const struct consumer_batch *batch,
                             int64_t *inout_position, bool *out_has_effects)
{
    struct told *told = context;
    int64_t told_ms = atomic_load(&told->told_ms[batch->shard]);
    (void)inout_position;
    (void)out_has_effects;
    for (size_t i = 0; i < batch->record_count; i++)
        atomic_fetch_add(&told->early, batch->records[i]->at_ms < told_ms);
    atomic_fetch_add(&told->records, (int)batch->record_count);
    CHECK(batch->told_ms <= batch->now_ms);
    atomic_store(&told->told_ms[batch->shard], MAX(told_ms, batch->told_ms));
    atomic_fetch_add(&told->ticks, 1);
    return ERR_NONE;
}

/* A disk that takes its time: many ticks pass, unless the consumer itself has something to write. */
static enum err take_long(struct db *db, void *context, struct err_note *note)
{
    struct told *told = context;
    (void)db;
    (void)note;
    int64_t deadline_ms = clock_now_ms() + 20;
    int ticks = atomic_load(&told->ticks) + 5 * STREAM_SHARDS;
    while (atomic_load(&told->ticks) < ticks && clock_now_ms() < deadline_ms)
        (void)poll(NULL, 0, 1);
    return ERR_NONE;
}

static void told_done(void *context, enum err result, const struct err_note *note)
{
    (void)note;
    CHECK_INT(result, ERR_NONE);
    atomic_fetch_add(&((struct told *)context)->done, 1);
}

static void told_appended(void *context, enum err result, const struct stream_record *record)
{
    (void)record;
    told_done(context, result, NULL);
}

ON_BOTH_ENGINES(nothing_comes_with_a_time_that_was_told_to_be_over)
{
    enum { ROUNDS = 20 };
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct told told = {0};
    struct consumer *consumer = NULL;
    const struct consumer_options options = {.name = "timekeeper",
                                             .stream = "facts",
                                             .source = store,
                                             .target = store,
                                             .tick_ms = 1,
                                             .context = &told,
                                             .prepare = told_prepare};
    CHECK_INT(consumer_start(&options, &consumer, NULL), ERR_NONE);
    CHECK_INT(consumer_wait_idle(consumer, soon()), ERR_NONE);
    for (int round = 0; round < ROUNDS; round++) {
        const struct stream_append append = {
            .stream = "facts", .key = "k", .kind = "test", .body = "1", .body_len = 1};
        const struct store_command slow = {.run = take_long, .done = told_done, .context = &told};
        CHECK_INT(store_submit(store, &slow), ERR_NONE);
        CHECK_INT(stream_submit(store, stream_record_create(&append), told_appended, &told),
                  ERR_NONE);
        wait_for_count(&told.done, 2 * round + 2);
    }
    CHECK_INT(consumer_wait_idle(consumer, soon()), ERR_NONE);
    int64_t now_ms = clock_now_ms(), deadline_ms = soon();
    for (int i = 0; i < STREAM_SHARDS; i++) /* and time goes on while nothing comes */
        while (atomic_load(&told.told_ms[i]) < now_ms)
            CHECK(clock_now_ms() < deadline_ms);
    consumer_stop(consumer);
    CHECK_INT(told.records, ROUNDS);
    CHECK_INT(told.early, 0);
}

static void count_passed(void *context, int64_t now_ms)
{
    struct reader *reader = context;
    CHECK(now_ms > 0);
    atomic_fetch_add(&reader->ticks, 1);
}

ON_BOTH_ENGINES(
    a_consumer_is_told_that_time_passes_while_nothing_comes_and_while_nothing_can_be_written)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader reader = {.busy_left = 1000000};
    reader.options = (struct consumer_options){.name = "patient",
                                               .stream = "facts",
                                               .source = store,
                                               .target = store,
                                               .context = &reader,
                                               .apply = reader_apply,
                                               .passed = count_passed};
    CHECK_INT(consumer_start(&reader.options, &reader.consumer, NULL), ERR_NONE);
    wait_for_count(&reader.ticks, 2);
    append_numbers(store, 1, 1);
    int64_t deadline_ms = soon();
    while (atomic_load(&reader.busy_left) == 1000000) { /* it has not begun to try */
        CHECK(clock_now_ms() < deadline_ms);
        (void)poll(NULL, 0, 1);
    }
    wait_for_count(&reader.ticks, atomic_load(&reader.ticks) + 1);
    CHECK(atomic_load(&reader.busy_left) > 0);
    atomic_store(&reader.busy_left, 0);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(store, SEEN), 1);
}

/* As if the database took its time to say that the shard is ours: time is due to pass again. */
static void owned_late(void *context, int shard, int64_t *inout_position)
{
    struct reader *reader = context;
    (void)inout_position;
    int64_t until_ms = clock_now_ms() + 1100;
    while (shard == 0 && clock_now_ms() < until_ms)
        (void)poll(NULL, 0, 1);
    if (shard == 0)
        atomic_store(&reader->busy_left, atomic_load(&reader->ticks) + 1);
}

static enum err prepare_after_passed(void *context, const struct consumer_batch *batch,
                                     int64_t *inout_position, bool *out_has_effects)
{
    struct reader *reader = context;
    (void)inout_position;
    CHECK(atomic_load(&reader->ticks) >= atomic_load(&reader->busy_left));
    *out_has_effects = batch->record_count > 0;
    return ERR_NONE;
}

/* As on a database that hangs: ends when time was seen to pass twice. */
static enum err apply_long(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct reader *reader = context;
    (void)db;
    int64_t deadline_ms = soon();
    int ticks = atomic_load(&reader->ticks) + 2;
    while (atomic_load(&reader->ticks) < ticks && clock_now_ms() < deadline_ms)
        (void)poll(NULL, 0, 1);
    CHECK(atomic_load(&reader->ticks) >= ticks);
    CHECK_INT(batch->record_count, 1);
    return ERR_NONE;
}

ON_BOTH_ENGINES(a_consumer_is_told_that_time_passes_before_it_prepares_and_while_a_write_takes_long)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader reader = {0};
    reader.options = (struct consumer_options){.name = "patient",
                                               .stream = "facts",
                                               .source = store,
                                               .target = store,
                                               .context = &reader,
                                               .tick_ms = 20,
                                               .owned = owned_late,
                                               .prepare = prepare_after_passed,
                                               .apply = apply_long,
                                               .passed = count_passed};
    CHECK_INT(consumer_start(&reader.options, &reader.consumer, NULL), ERR_NONE);
    append_numbers(store, 1, 1);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
}

static enum err count_batches(void *context, const struct consumer_batch *batch,
                              int64_t *inout_position, bool *out_has_effects)
{
    struct reader *reader = context;
    (void)inout_position;
    (void)out_has_effects;
    atomic_fetch_add(&reader->ticks, batch->record_count > 0);
    return ERR_NONE;
}

ON_BOTH_ENGINES(records_that_come_thick_are_taken_together)
{
    enum { RECORDS = 400, LOOK_MS = 5 };
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader reader = {0};
    reader.options = (struct consumer_options){.name = "gatherer",
                                               .stream = "facts",
                                               .source = store,
                                               .target = store,
                                               .context = &reader,
                                               .prepare = count_batches};
    CHECK_INT(consumer_start(&reader.options, &reader.consumer, NULL), ERR_NONE);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    int64_t start_us = clock_monotonic_us();
    for (int i = 0; i < RECORDS; i++)
        CHECK_INT(place_append(store, "facts", "key", "1"), ERR_NONE);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    int64_t looks_max = (clock_monotonic_us() - start_us) / (LOOK_MS * 1000) + 1;
    consumer_stop(reader.consumer);
    CHECK(reader.ticks <= 2 * looks_max + 2); /* and what came while it was looking */
}

/* Two stores on one database stand for two processes; one stops answering without a word. */
TEST(two_processes_share_the_shards_on_postgres)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, &seen_module, 1);
    SCOPED(store) two = place_open(place, &seen_module, 1);
    struct reader first = {0}, second = {0};
    reader_start(&first, one, one);
    append_numbers(two, 1, 32);
    CHECK_INT(consumer_wait_idle(first.consumer, soon()), ERR_NONE);
    CHECK_INT(first.applied, 32);
    reader_start(&second, two, two);
    int64_t number = 33;
    while (second.owned < 2 || first.lost < 2) {
        append_numbers(one, number++, 1);
        CHECK_INT(consumer_wait_idle(second.consumer, soon()), ERR_NONE);
        CHECK(number < 20000);
    }
    append_numbers(two, number, 64);
    number += 64;
    CHECK_INT(consumer_wait_idle(first.consumer, soon()), ERR_NONE);
    consumer_stop(second.consumer);
    append_numbers(two, number, 64);
    CHECK_INT(consumer_wait_idle(first.consumer, soon()), ERR_NONE);
    consumer_stop(first.consumer);
    CHECK_INT(ask(one, SEEN), number + 63);
    CHECK_INT(first.applied + second.applied, number + 63);
}

/* In a process of its own: consumes until it is killed, and tells once it owns every shard. */
_Noreturn static void consume_and_tell(const struct place *place, int fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct store *store = place_open(place, &seen_module, 1);
    struct reader reader = {0};
    reader_start(&reader, store, store);
    while (reader.owned < STREAM_SHARDS)
        CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    if (write(fd, "+", 1) != 1)
        _exit(4);
    for (;;)
        (void)pause();
}

/* Kill -9 in the middle of its work; the other, here, has all of it within 5 s, and nothing
 * twice. */
TEST(a_killed_process_is_replaced_within_five_seconds_on_postgres)
{
    struct place *place = place_postgres();
    int fds[2], status = 0;
    CHECK(pipe(fds) == 0);
    pid_t pid = fork(); /* before there is any thread here */
    CHECK(pid >= 0);
    if (pid == 0)
        consume_and_tell(place, fds[1]);
    (void)close(fds[1]);
    char byte;
    CHECK(read(fds[0], &byte, 1) == 1);
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader reader = {0};
    reader_start(&reader, store, store);
    int64_t number = 1;
    while (reader.owned < STREAM_SHARDS / 2) {
        append_numbers(store, number, 5);
        number += 5;
        CHECK(number < 20000);
        CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    }
    append_numbers(store, number, 100);
    number += 100;
    CHECK(kill(pid, SIGKILL) == 0);
    int64_t killed_at_us = clock_monotonic_us();
    append_numbers(store, number, 50);
    number += 50;
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    CHECK(clock_monotonic_us() - killed_at_us < 5000000);
    CHECK(waitpid(pid, &status, 0) == pid);
    consumer_stop(reader.consumer);
    CHECK_INT(ask(store, SEEN), number - 1);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM store_dead_letter"), 0);
    (void)close(fds[0]);
}

/* A process that sleeps between its decision and its commit, and wakes up when another has taken
 * over: it must not commit. The effect is a sum, so that a second time would show. */
struct sleeper {
    struct reader reader;
    atomic_bool is_asleep, may_wake;
};

static enum err sleeper_prepare(void *context, const struct consumer_batch *batch,
                                int64_t *inout_position, bool *out_has_effects)
{
    struct sleeper *sleeper = context;
    (void)inout_position;
    *out_has_effects = batch->record_count > 0;
    atomic_store(&sleeper->is_asleep, true);
    while (!atomic_load(&sleeper->may_wake))
        (void)poll(NULL, 0, 5); /* as a process that was stopped */
    return ERR_NONE;
}

static enum err sleeper_apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    (void)context;
    return sql_run(db, "UPDATE seen SET shard = shard + $1 WHERE id = 0",
                   SQL_INT((int64_t)batch->record_count));
}

static void sleeper_owned(void *context, int shard, int64_t *inout_position)
{
    reader_owned(&((struct sleeper *)context)->reader, shard, inout_position);
}

static void sleeper_lost(void *context, int shard)
{
    reader_lost(&((struct sleeper *)context)->reader, shard);
}

static void sleeper_start(struct sleeper *sleeper, struct store *store)
{
    sleeper->reader.options = (struct consumer_options){.name = "sleeper",
                                                        .stream = "facts",
                                                        .source = store,
                                                        .target = store,
                                                        .context = sleeper,
                                                        .owned = sleeper_owned,
                                                        .lost = sleeper_lost,
                                                        .prepare = sleeper_prepare,
                                                        .apply = sleeper_apply};
    CHECK_INT(consumer_start(&sleeper->reader.options, &sleeper->reader.consumer, NULL), ERR_NONE);
}

TEST(a_process_that_lost_its_lease_cannot_commit_on_postgres)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, &seen_module, 1);
    SCOPED(store) two = place_open(place, &seen_module, 1);
    CHECK_INT(place_write(one, "INSERT INTO seen (id, shard) VALUES (0, 0)"), ERR_NONE);
    append_numbers(one, 1, 1);
    struct sleeper first = {.may_wake = false}, second = {.may_wake = true};
    sleeper_start(&first, one);
    int64_t deadline_us = clock_monotonic_us() + 30000000;
    while (!first.is_asleep && clock_monotonic_us() < deadline_us)
        (void)poll(NULL, 0, 5);
    sleeper_start(&second, two);
    CHECK_INT(consumer_wait_idle(second.reader.consumer, soon()), ERR_NONE);
    CHECK_INT(ask(two, "SELECT shard FROM seen WHERE id = 0"), 1);
    atomic_store(&first.may_wake, true);
    while (first.reader.lost == 0 && clock_monotonic_us() < deadline_us)
        (void)poll(NULL, 0, 5);
    consumer_stop(first.reader.consumer);
    consumer_stop(second.reader.consumer);
    CHECK(first.reader.lost > 0);
    CHECK_INT(ask(two, "SELECT shard FROM seen WHERE id = 0"), 1);
}

static enum err slow_apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct reader *reader = context;
    TRY(reader_apply(context, db, batch));
    return reader->busy_left < 0 ? ERR_NONE : ERR_BUSY; /* until it may */
}

static void count_appended(void *context, enum err result, const struct stream_record *record)
{
    (void)record;
    atomic_fetch_add((atomic_int *)context, result == ERR_NONE ? 1 : 1000000);
}

ON_BOTH_ENGINES(a_consumer_that_lags_past_memory_reads_the_table)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader reader = {.busy_left = 0};
    reader.options = (struct consumer_options){.name = "slow",
                                               .stream = "facts",
                                               .source = store,
                                               .target = store,
                                               .context = &reader,
                                               .records_max = 4096,
                                               .apply = slow_apply,
                                               .applied = reader_applied};
    CHECK_INT(consumer_start(&reader.options, &reader.consumer, NULL), ERR_NONE);
    atomic_int appended = 0;
    const int count = LIMIT_FOLLOW_RECORDS + 2000;
    for (int i = 1; i <= count; i++) {
        char body[24];
        (void)snprintf(body, sizeof body, "%d", i);
        struct stream_append append = {
            .stream = "facts", .key = "k", .kind = "test", .body = body, .body_len = strlen(body)};
        CHECK_INT(stream_submit(store, stream_record_create(&append), count_appended, &appended),
                  ERR_NONE);
    }
    CHECK_INT(place_append(store, "other", "k", "the queue is done"), ERR_NONE);
    CHECK_INT(appended, count);
    atomic_store(&reader.busy_left, -1);
    CHECK_INT(consumer_wait_idle(reader.consumer, soon()), ERR_NONE);
    consumer_stop(reader.consumer);
    CHECK_INT(reader.applied, count);
    CHECK_INT(ask(store, SEEN), count);
}

ON_BOTH_ENGINES(a_consumer_that_comes_back_too_late_is_told_what_it_lost)
{
    SCOPED(store) store = place_open(place, &seen_module, 1);
    struct reader before = {0}, after = {0};
    reader_start(&before, store, store);
    CHECK_INT(place_append(store, "facts", "k", "1"), ERR_NONE);
    CHECK_INT(consumer_wait_idle(before.consumer, soon()), ERR_NONE);
    consumer_stop(before.consumer);
    for (int i = 2; i <= 7; i++)
        CHECK_INT(place_append(store, "facts", "k", "0"), ERR_NONE);
    struct stream_retention retention = {.stream = "facts", .age_max_ms = 1000, .hold_ms = 1000};
    CHECK_INT(stream_retain(store, &retention, clock_now_ms() + 1500, NULL), ERR_NONE);
    CHECK_INT(place_record_count(store, "facts"), 6); /* it still needs them */
    CHECK_INT(stream_retain(store, &retention, clock_now_ms() + 60000, NULL), ERR_NONE);
    CHECK_INT(place_append(store, "facts", "k", "8"), ERR_NONE);
    reader_start(&after, store, store);
    CHECK_INT(consumer_wait_idle(after.consumer, soon()), ERR_NONE);
    consumer_stop(after.consumer);
    CHECK_INT(after.skipped, 6);
    CHECK_INT(after.applied, 1);
}

#define SECOND_US INT64_C(1000000)

static struct lease_table three_foreign_one_free(int64_t changed_at_us)
{
    struct lease_table table = {0};
    for (int i = 0; i < 3; i++)
        table.shards[i].watch = (struct lease_watch){7, 1, changed_at_us};
    table.members[0] = (struct lease_watch){7, 1, changed_at_us};
    table.member_count = 1;
    return table;
}

TEST(a_living_owner_keeps_its_lease_and_a_silent_one_loses_it)
{
    struct lease_table table = three_foreign_one_free(10 * SECOND_US);
    struct lease_decision living = lease_decide(&table, 8, false, 12 * SECOND_US);
    CHECK_INT(living.actions[0], LEASE_LEAVE);
    CHECK_INT(living.actions[3], LEASE_CLAIM);
    CHECK_INT(living.look_again_us, 13 * SECOND_US);
    struct lease_decision silent = lease_decide(&table, 8, false, 13 * SECOND_US);
    for (int i = 0; i < STREAM_SHARDS; i++)
        CHECK_INT(silent.actions[i], LEASE_CLAIM);
}

TEST(a_member_that_joins_gets_its_share_back_from_who_has_too_much)
{
    struct lease_table table = three_foreign_one_free(10 * SECOND_US);
    table.members[1] = (struct lease_watch){8, 1, 10 * SECOND_US};
    table.member_count = 2;
    struct lease_decision owner = lease_decide(&table, 7, false, 11 * SECOND_US);
    CHECK_INT(owner.actions[0], LEASE_RENEW);
    CHECK_INT(owner.actions[1], LEASE_RENEW);
    CHECK_INT(owner.actions[2], LEASE_GIVE_BACK);
    CHECK_INT(owner.actions[3], LEASE_LEAVE);
}

TEST(the_only_process_takes_everything_at_once)
{
    struct lease_table table = three_foreign_one_free(10 * SECOND_US);
    struct lease_decision decision = lease_decide(&table, 8, true, 10 * SECOND_US);
    for (int i = 0; i < STREAM_SHARDS; i++)
        CHECK_INT(decision.actions[i], LEASE_CLAIM);
}
