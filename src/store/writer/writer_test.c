// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"
#include "store/place_test.h"
#include "store/store_internal.h"

/* Holds the writer within a command until released, so that others gather behind it. */
struct gate {
    struct lock lock;
    struct signal signal;
    bool is_entered, is_open;
    int answered;
    enum err results[64];
    char details[64][320];
};

static void gate_init(struct gate *gate)
{
    *gate = (struct gate){0};
    lock_init(&gate->lock);
    signal_init(&gate->signal);
}

static enum err gate_run(struct db *db, void *context, struct err_note *note)
{
    (void)db;
    (void)note;
    struct gate *gate = context;
    LOCKED(&gate->lock);
    gate->is_entered = true;
    signal_wake_all(&gate->signal);
    while (!gate->is_open)
        signal_wait(&gate->signal, &gate->lock);
    return ERR_NONE;
}

static void gate_done(void *context, enum err result, const struct err_note *note)
{
    (void)note;
    (void)result;
    struct gate *gate = context;
    LOCKED(&gate->lock);
    gate->answered++;
    signal_wake_all(&gate->signal);
}

static void gate_close_by(struct gate *gate, struct store *store,
                          enum err (*run)(struct db *, void *, struct err_note *))
{
    struct store_command command = {.run = run, .done = gate_done, .context = gate};
    CHECK_INT(store_submit(store, &command), ERR_NONE);
    LOCKED(&gate->lock);
    while (!gate->is_entered)
        signal_wait(&gate->signal, &gate->lock);
}

static void gate_close(struct gate *gate, struct store *store)
{
    gate_close_by(gate, store, gate_run);
}

static void gate_open_and_wait(struct gate *gate, int answers)
{
    LOCKED(&gate->lock);
    gate->is_open = true;
    signal_wake_all(&gate->signal);
    while (gate->answered < answers)
        signal_wait(&gate->signal, &gate->lock);
}

/* False when so many were not answered in time. */
static bool gate_wait(struct gate *gate, int answers)
{
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    LOCKED(&gate->lock);
    gate->is_open = true;
    signal_wake_all(&gate->signal);
    while (gate->answered < answers && signal_wait_until(&gate->signal, &gate->lock, deadline_us))
        continue;
    return gate->answered >= answers;
}

struct adding {
    struct gate *gate;
    int64_t id;
    enum err then; /* what the command says after it has written */
};

static enum err adding_run(struct db *db, void *context, struct err_note *note)
{
    struct adding *adding = context;
    struct stream_append append = {
        .stream = "facts", .key = "k", .kind = "test", .body = "x", .body_len = 1};
    TRY(stream_append(db, &append, NULL));
    TRY(note_add(db, adding->id, "words"));
    if (adding->then != ERR_NONE)
        return err_set(note, adding->then, "id", "number %d is refused", (int)adding->id);
    return ERR_NONE;
}

static void adding_done(void *context, enum err result, const struct err_note *note)
{
    struct adding *adding = context;
    struct gate *gate = adding->gate;
    LOCKED(&gate->lock);
    gate->results[adding->id] = result;
    if (note != NULL)
        (void)snprintf(gate->details[adding->id], sizeof gate->details[0], "%s", note->detail);
    gate->answered++;
    signal_wake_all(&gate->signal);
}

ON_BOTH_ENGINES(waiting_commands_share_one_commit_and_only_the_refused_one_is_undone)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct gate gate;
    gate_init(&gate);
    gate_close(&gate, store);
    struct adding addings[20];
    for (int i = 0; i < 20; i++) {
        addings[i] = (struct adding){&gate, i + 1, i == 7 ? ERR_INVALID : ERR_NONE};
        struct store_command command = {
            .run = adding_run, .done = adding_done, .context = &addings[i]};
        CHECK_INT(store_submit(store, &command), ERR_NONE);
    }
    int64_t commits = metric_value(&store->metrics->commits);
    gate_open_and_wait(&gate, 21);
    CHECK_INT(metric_value(&store->metrics->commits), commits + 2); /* the gate's, and theirs */
    for (int i = 1; i <= 20; i++)
        CHECK_INT(gate.results[i], i == 8 ? ERR_INVALID : ERR_NONE);
    CHECK_TEXT(gate.details[8], "number 8 is refused");
    CHECK_INT(note_count(store), 19);
    CHECK_INT(place_record_count(store, "facts"), 19);
}

static void note_time(void *context, enum err result, const struct stream_record *record)
{
    CHECK_INT(result, ERR_NONE);
    *(int64_t *)context = record->at_ms;
}

ON_BOTH_ENGINES(a_record_bears_the_time_at_which_it_was_handed_in_however_long_a_commit_takes)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct gate gate;
    gate_init(&gate);
    gate_close(&gate, store);
    int64_t at_ms = 0, before_ms = clock_now_ms();
    struct stream_append append = {.stream = "facts", .key = "k", .kind = "test", .body = "x"};
    CHECK_INT(stream_submit(store, stream_record_create(&append), note_time, &at_ms), ERR_NONE);
    struct adding adding = {&gate, 1, ERR_NONE};
    struct store_command last = {.run = adding_run, .done = adding_done, .context = &adding};
    CHECK_INT(store_submit(store, &last), ERR_NONE);
    int64_t after_ms = clock_now_ms();
    while (clock_now_ms() <= after_ms)
        CHECK(writer_published_ms(&store->writer) <= before_ms);
    gate_open_and_wait(&gate, 2);
    CHECK(at_ms >= before_ms && at_ms <= after_ms);
    int64_t deadline_ms = clock_now_ms() + 10000;
    while (writer_published_ms(&store->writer) <= after_ms) /* it has answered, and then goes on */
        CHECK(clock_now_ms() < deadline_ms);
}

ON_BOTH_ENGINES(a_full_queue_is_busy_by_bytes_and_heals)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct gate gate;
    gate_init(&gate);
    gate_close(&gate, store);
    struct adding first = {&gate, 1, ERR_NONE}, second = {&gate, 2, ERR_NONE};
    struct store_command command = {.run = adding_run,
                                    .done = adding_done,
                                    .context = &first,
                                    .cost_bytes = LIMIT_WRITER_QUEUE_BYTES};
    CHECK_INT(store_submit(store, &command), ERR_NONE);
    command.context = &second;
    command.cost_bytes = 1;
    CHECK_INT(store_submit(store, &command), ERR_BUSY);
    gate_open_and_wait(&gate, 2);
    while (store_submit(store, &command) == ERR_BUSY) /* the bytes are given back after done() */
        CHECK_INT(note_count(store), 1);
    gate_open_and_wait(&gate, 3);
    CHECK_INT(note_count(store), 2);
}

static enum err gate_run_and_ask(struct db *db, void *context, struct err_note *note)
{
    TRY(gate_run(db, context, note));
    return note_add(db, 50, "words");
}

/* `first` is run while the database goes away; those behind it are answered before it is back, `answers` of all. */
static void go_away_under(enum err (*first)(struct db *, void *, struct err_note *), int answers)
{
    SCOPED(store) store = place_open(place_postgres(), NULL, 0);
    struct gate gate;
    gate_init(&gate);
    gate_close_by(&gate, store, first);
    struct adding addings[5];
    for (int i = 0; i < 5; i++) {
        addings[i] = (struct adding){&gate, i + 1, ERR_NONE};
        struct store_command command = {
            .run = adding_run, .done = adding_done, .context = &addings[i]};
        CHECK_INT(store_submit(store, &command), ERR_NONE);
    }
    pg_server_halt(place_server(), PG_SERVER_FAST);
    bool are_told = gate_wait(&gate, answers);
    CHECK_INT(pg_server_resume(place_server(), NULL), ERR_NONE);
    CHECK(are_told);
    CHECK(gate_wait(&gate, 6));
    for (int i = 1; i <= 5; i++)
        CHECK_INT(gate.results[i], ERR_BUSY);
}

TEST(who_came_in_while_the_database_went_away_is_told_so_at_once)
{
    go_away_under(gate_run_and_ask, 6);
}

TEST(only_a_commit_whose_answer_was_lost_waits_for_the_database)
{
    go_away_under(gate_run, 5);
}

static enum err nothing_run(struct db *db, void *context, struct err_note *note)
{
    (void)db;
    (void)context;
    (void)note;
    return ERR_NONE;
}

TEST(a_full_queue_is_busy_by_count)
{
    struct place *place = place_sqlite();
    SCOPED(store) store = place_open(place, NULL, 0);
    struct gate gate;
    gate_init(&gate);
    gate_close(&gate, store);
    struct store_command command = {.run = nothing_run, .done = gate_done, .context = &gate};
    for (int i = 1; i < LIMIT_WRITER_QUEUE_LEN; i++)
        CHECK_INT(store_submit(store, &command), ERR_NONE);
    CHECK_INT(store_submit(store, &command), ERR_BUSY);
    gate_open_and_wait(&gate, LIMIT_WRITER_QUEUE_LEN);
}

ON_BOTH_ENGINES(closing_runs_what_is_queued)
{
    struct store *store = place_open(place, NULL, 0);
    struct gate gate;
    gate_init(&gate);
    struct adding addings[30];
    for (int i = 0; i < 30; i++) {
        addings[i] = (struct adding){&gate, i + 1, ERR_NONE};
        struct store_command command = {
            .run = adding_run, .done = adding_done, .context = &addings[i]};
        CHECK_INT(store_submit(store, &command), ERR_NONE);
    }
    store_close(store);
    CHECK_INT(gate.answered, 30);
    SCOPED(store) again = place_open(place, NULL, 0);
    CHECK_INT(note_count(again), 30);
}

/* --- migrations --- */

static const struct store_migration first_two[] = {
    {1, "CREATE TABLE a (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (1)"},
    {2, "CREATE TABLE b (id BIGINT PRIMARY KEY)"},
};
static const struct store_migration third_broken[] = {
    {1, "CREATE TABLE a (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (1)"},
    {2, "CREATE TABLE b (id BIGINT PRIMARY KEY)"},
    {3, "CREATE TABLE c (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (1)"},
};
static const struct store_migration third_good[] = {
    {1, "CREATE TABLE a (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (1)"},
    {2, "CREATE TABLE b (id BIGINT PRIMARY KEY)"},
    {3, "CREATE TABLE c (id BIGINT PRIMARY KEY); INSERT INTO a (id) VALUES (2)"},
};

static enum err try_open(const struct place *place, const struct store_module *module,
                         struct store **out_store, struct err_note *note)
{
    struct store_options options = {
        .name = place->name, .url = place->url, .modules = module, .module_count = 1};
    return store_open(&options, out_store, note);
}

ON_BOTH_ENGINES(migrations_run_once_and_a_failed_one_changes_nothing)
{
    const struct store_module two = {"m", first_two, 2}, broken = {"m", third_broken, 3},
                              good = {"m", third_good, 3};
    struct store *store = place_open(place, &two, 1);
    store_close(store);
    struct err_note note = {0};
    CHECK_INT(try_open(place, &broken, &store, &note), ERR_CONFLICT);
    CHECK_TEXT(note.place, "m");
    CHECK(strstr(note.detail, "cannot be migrated from 2") != NULL);
    store = place_open(place, &good, 1);
    CHECK_INT(place_write(store, "INSERT INTO c (id) VALUES (7)"), ERR_NONE);
    CHECK_INT(place_write(store, "INSERT INTO a (id) VALUES (2)"), ERR_CONFLICT);
    store_close(store);
    CHECK_INT(try_open(place, &two, &store, &note), ERR_CONFLICT); /* an older program */
    CHECK(strstr(note.detail, "newer Muster") != NULL);
}

TEST(a_database_file_belongs_to_one_process_at_a_time)
{
    struct place *place = place_sqlite();
    SCOPED(store) store = place_open(place, NULL, 0);
    struct err_note note = {0};
    struct store *second = NULL;
    CHECK(store != NULL);
    CHECK_INT(try_open(place, &notes_module, &second, &note), ERR_BUSY);
    CHECK(strstr(note.detail, "Another process") != NULL);
}

TEST(a_url_that_means_nothing_is_refused)
{
    struct place place = {.url = "mysql://nowhere", .name = "main"};
    struct store *store = NULL;
    struct err_note note = {0};
    CHECK_INT(try_open(&place, &notes_module, &store, &note), ERR_INVALID);
    CHECK(strstr(note.detail, "sqlite:FOLDER") != NULL);
    place = (struct place){.url = "postgresql://127.0.0.1:1/none", .name = "main"};
    CHECK_INT(try_open(&place, &notes_module, &store, &note), ERR_BUSY);
}

#define STARTS 8

struct starting { /* one of several processes */
    struct thread thread;
    const struct place *place;
    struct store *store;
    struct err_note note;
    enum err err;
};

static void *start_process(void *context)
{
    struct starting *starting = context;
    starting->err = try_open(starting->place, &notes_module, &starting->store, &starting->note);
    return NULL;
}

TEST(processes_that_start_together_on_an_empty_postgres_all_do)
{
    for (int round = 0; round < 10; round++) {
        struct place place = *place_postgres();
        struct starting all[STARTS] = {0};
        for (int i = 0; i < STARTS; i++) {
            all[i].place = &place;
            thread_start(&all[i].thread, "starting", start_process, &all[i]);
        }
        for (int i = 0; i < STARTS; i++)
            thread_join(&all[i].thread);
        for (int i = 0; i < STARTS; i++) {
            if (all[i].err != ERR_NONE)
                print_error("%s: %s\n", all[i].note.place, all[i].note.detail);
            CHECK_INT(all[i].err, ERR_NONE);
            store_close(all[i].store);
        }
    }
}

/* --- the log stays bounded --- */

TEST(the_log_of_sqlite_starts_anew_under_steady_writing)
{
    struct place *place = place_sqlite();
    SCOPED(store) store = place_open(place, NULL, 0);
    SCOPED_MEM char *body = mem_new(256 * 1024 + 1);
    memset(body, 'x', 256 * 1024);
    int64_t highest = 0;
    for (int i = 0; i < 1200; i++) { /* 300 MB, ten times what the log may hold */
        CHECK_INT(place_append(store, "facts", "k", body), ERR_NONE);
        highest = MAX(highest, metric_value(&store->metrics->wal_bytes));
    }
    CHECK(metric_value(&store->metrics->checkpoints) > 3);
    CHECK(highest < INT64_C(128) * 1024 * 1024);
}
