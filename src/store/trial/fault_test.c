// SPDX-License-Identifier: Apache-2.0
/* A disk that is full, that fails, and that fails to sync; a PostgreSQL that goes away. */
#include "base/clock.h"
#include "base/lock.h"
#include "base/random.h"
#include "store/place_test.h"
#include "store/store_fault.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static enum err add_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return note_add(db, *(int64_t *)context, "words");
}

static enum err add(struct store *store, int64_t id)
{
    return store_write(store, add_run, &id, NULL);
}

static void wait_until_well(struct store *store)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    while (!store_is_well(store, NULL)) {
        CHECK(clock_monotonic_us() < deadline_us);
        (void)poll(NULL, 0, 5); /* it heals in a thread of its own and tells nobody */
    }
}

TEST(a_full_disk_is_busy_loses_nothing_and_heals_by_itself)
{
    store_fault_install();
    struct place *place = place_sqlite();
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK_INT(add(store, 1), ERR_NONE);
    store_fault_arm(&(struct store_fault){STORE_FAULT_WRITE, 0, ENOSPC, INT64_MAX});
    CHECK_INT(add(store, 2), ERR_BUSY);
    const char *why = NULL;
    CHECK(!store_is_well(store, &why));
    CHECK_TEXT(why, "the disk is full");
    CHECK_INT(add(store, 3), ERR_BUSY);
    store_fault_disarm();
    wait_until_well(store);
    CHECK_INT(add(store, 4), ERR_NONE);
    CHECK_INT(note_count(store), 2);
    store_close(TAKE(store));
    SCOPED(store) again = place_open(place, NULL, 0);
    CHECK_INT(note_count(again), 2);
}

/* Whatever write fails, and with whatever error: answered success is there, failure is not. */
TEST(every_write_may_fail_once)
{
    store_fault_install();
    struct place *place = place_sqlite();
    int64_t id = 0, acknowledged = 0;
    for (int nth = 0; nth < 40; nth++) {
        struct store *store = place_open(place, NULL, 0);
        store_fault_arm(
            &(struct store_fault){STORE_FAULT_WRITE, nth, nth % 2 == 0 ? ENOSPC : EIO, 1});
        for (int i = 0; i < 6; i++) {
            enum err err = add(store, ++id);
            CHECK(err == ERR_NONE || err == ERR_BUSY || err == ERR_IO);
            acknowledged += err == ERR_NONE;
        }
        store_fault_disarm();
        CHECK_INT(note_count(store), acknowledged);
        store_close(store);
    }
    SCOPED(store) again = place_open(place, NULL, 0);
    CHECK_INT(note_count(again), acknowledged);
}

/* Writes numbers and tells each by a byte once it is answered, until it is killed or dies. */
_Noreturn static void write_and_tell(const struct place *place, int fd, int64_t first,
                                     bool is_fault)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_fault) {
        if (freopen("/dev/null", "w", stderr) == NULL) /* the reason of its death is expected */
            _exit(2);
        store_fault_install();
    }
    struct store_options options = {
        .name = place->name, .url = place->url, .modules = &notes_module, .module_count = 1};
    struct store *store = NULL;
    if (store_open(&options, &store, NULL) != ERR_NONE)
        _exit(3);
    if (is_fault)
        store_fault_arm(&(struct store_fault){STORE_FAULT_SYNC, 10, EIO, 1});
    for (int64_t id = first;; id++) {
        if (add(store, id) == ERR_NONE && place_append(store, "facts", "k", "x") == ERR_NONE &&
            write(fd, "+", 1) != 1)
            _exit(4);
    }
}

static pid_t start_writing(const struct place *place, int64_t first, bool is_fault, int *out_fd)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        write_and_tell(place, fds[1], first, is_fault);
    }
    (void)close(fds[1]);
    *out_fd = fds[0];
    return pid;
}

static int64_t count_told(int fd, int64_t stop_after)
{
    int64_t count = 0;
    char byte;
    while ((stop_after < 0 || count < stop_after) && read(fd, &byte, 1) == 1)
        count++;
    return count;
}

TEST(a_failed_fsync_ends_the_process_and_loses_nothing_acknowledged)
{
    struct place *place = place_sqlite();
    int fd, status = 0;
    pid_t pid = start_writing(place, 1, true, &fd);
    int64_t told = count_told(fd, -1);
    (void)close(fd);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(told > 0 && told < 12);
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK(place_record_count(store, "facts") >= told);
}

static int64_t highest_note(struct store *store)
{
    struct db *db = store_reader_take(store);
    int64_t highest = 0;
    enum err err = sql_one_int(db, &highest, "SELECT COALESCE(MAX(id), 0) FROM note");
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return highest;
}

/* What was told is there; what was not told may be there too, but only the one that was under
 * way. */
ON_BOTH_ENGINES(killed_at_any_moment_everything_acknowledged_is_there_once)
{
    struct random_sequence chance = {42};
    int64_t notes = 0, records = 0;
    struct store *first = place_open(place, NULL, 0);
    store_close(first); /* the tables are there: the children may be quick */
    int rounds = strncmp(place->url, "sqlite:", 7) == 0 ? 25 : 10;
    for (int round = 0; round < rounds; round++) {
        int fd, status = 0;
        pid_t pid = start_writing(place, notes + 1, false, &fd);
        int64_t told = count_told(fd, 1 + (int64_t)random_below(&chance, 60));
        (void)poll(NULL, 0, (int)random_below(&chance, 3)); /* anywhere within a commit */
        CHECK(kill(pid, SIGKILL) == 0);
        told += count_told(fd, -1);
        (void)close(fd);
        CHECK(waitpid(pid, &status, 0) == pid);
        SCOPED(store) store = place_open(place, NULL, 0);
        int64_t notes_now = note_count(store), records_now = place_record_count(store, "facts");
        CHECK(notes_now - notes >= told && notes_now - notes <= told + 1);
        CHECK(records_now - records >= told && records_now - records <= told + 1);
        CHECK_INT(highest_note(store), notes_now);
        notes = notes_now;
        records = records_now;
    }
}

/* --- PostgreSQL --- */

static void wait_until_written(struct store *store, int64_t id)
{
    int64_t deadline_us = clock_monotonic_us() + 30000000;
    while (add(store, id) != ERR_NONE) {
        CHECK(clock_monotonic_us() < deadline_us);
        (void)poll(NULL, 0, 10); /* refused at once while it is away: look again */
    }
}

TEST(a_postgres_that_goes_away_is_busy_and_work_goes_on_when_it_is_back)
{
    struct place *place = place_postgres();
    struct pg_server *server = place_server();
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK_INT(add(store, 1), ERR_NONE);
    pg_server_halt(server, PG_SERVER_FAST);
    CHECK_INT(add(store, 2), ERR_BUSY);
    const char *why = NULL;
    CHECK(!store_is_well(store, &why));
    CHECK_TEXT(why, "the database is away");
    CHECK(store_reader_take(store) == NULL);
    CHECK_INT(pg_server_resume(server, NULL), ERR_NONE);
    wait_until_written(store, 3);
    CHECK(store_is_well(store, NULL));
    CHECK_INT(note_count(store), 2);
    pg_server_halt(server, PG_SERVER_FAST); /* restarted while nobody writes: not even noticed */
    CHECK_INT(pg_server_resume(server, NULL), ERR_NONE);
    CHECK_INT(add(store, 4), ERR_NONE);
    struct db *db = NULL;
    while ((db = store_reader_take(store)) == NULL)
        (void)poll(NULL, 0, 10);
    store_reader_give(store, db);
    CHECK_INT(note_count(store), 3);
}

static enum err look_for_himself(void *context)
{
    return atomic_fetch_add((atomic_int *)context, 1) < 1 ? ERR_BUSY : ERR_NONE;
}

static void wait_for_calls(atomic_int *calls, int count)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    while (atomic_load(calls) < count) {
        CHECK(clock_monotonic_us() < deadline_us);
        (void)poll(NULL, 0, 5); /* a thread of the store's calls */
    }
    CHECK_INT(atomic_load(calls), count);
}

TEST(after_a_postgres_came_back_listeners_look_for_themselves_until_they_succeed)
{
    struct place *place = place_postgres();
    struct pg_server *server = place_server();
    SCOPED(store) store = place_open(place, NULL, 0);
    atomic_int calls = 0, unlistened = 0;
    store_listen_missed(store, look_for_himself, &calls);
    store_listen_missed(store, look_for_himself, &unlistened);
    store_unlisten(store, &unlistened);
    pg_server_halt(server, PG_SERVER_FAST);
    CHECK_INT(pg_server_resume(server, NULL), ERR_NONE);
    wait_for_calls(&calls, 2); /* once in vain */
    wait_until_written(store, 1);
    CHECK_INT(atomic_load(&unlistened), 0);
    CHECK_INT(atomic_load(&calls), 2);
    store_missed(store, &calls);
    wait_for_calls(&calls, 3);
}

struct hammer {
    struct store *store;
    struct thread thread;
    atomic_bool is_stopping;
    int64_t first, next;
    bool is_acknowledged[100000];
    bool is_refused[100000];
};

static void *hammer_run(void *context)
{
    struct hammer *hammer = context;
    for (hammer->next = 0; !atomic_load(&hammer->is_stopping) && hammer->next < 100000;) {
        int64_t i = hammer->next++;
        enum err err = add(hammer->store, hammer->first + i);
        hammer->is_acknowledged[i] = err == ERR_NONE;
        hammer->is_refused[i] = err == ERR_BUSY;
        if (err != ERR_NONE)
            (void)poll(NULL, 0, 5); /* as a client that was told to try again */
    }
    return NULL;
}

static bool has_note(struct store *store, int64_t id)
{
    struct db *db = store_reader_take(store);
    int64_t count = -1;
    enum err err = sql_one_int(db, &count, "SELECT COUNT(*) FROM note WHERE id = $1", SQL_INT(id));
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return count == 1;
}

/* The server crashes again and again, at any point of a commit. The answer is never wrong: success
 * is there, "nothing was written" is not. */
TEST(a_postgres_that_crashes_during_commits_never_makes_an_answer_wrong)
{
    struct place *place = place_postgres();
    struct pg_server *server = place_server();
    SCOPED(store) store = place_open(place, NULL, 0);
    struct random_sequence chance = {7};
    static struct hammer hammers[4];
    for (int i = 0; i < 4; i++) {
        hammers[i] = (struct hammer){.store = store, .first = 1 + i * INT64_C(1000000)};
        thread_start(&hammers[i].thread, "hammer", hammer_run, &hammers[i]);
    }
    for (int round = 0; round < 4; round++) {
        (void)poll(NULL, 0,
                   50 + (int)random_below(&chance, 100)); /* anywhere in the stream of commits */
        pg_server_halt(server, PG_SERVER_CRASH);
        CHECK_INT(pg_server_resume(server, NULL), ERR_NONE);
        wait_until_well(store);
    }
    wait_until_written(store, 1000000000);
    int64_t acknowledged = 0;
    for (int i = 0; i < 4; i++) {
        atomic_store(&hammers[i].is_stopping, true);
        thread_join(&hammers[i].thread);
        for (int64_t k = 0; k < hammers[i].next; k++) {
            acknowledged += hammers[i].is_acknowledged[k];
            CHECK(hammers[i].is_acknowledged[k] || hammers[i].is_refused[k]);
            CHECK(!hammers[i].is_refused[k] || !has_note(store, hammers[i].first + k));
        }
    }
    CHECK(acknowledged > 20);
    CHECK_INT(note_count(store), acknowledged + 1);
}
