// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/lock.h"
#include "base/random.h"
#include "store/place_test.h"

#include <poll.h>
#include <stdatomic.h>

struct ear {
    struct lock lock;
    struct signal signal;
    char *message; /* the last */
    size_t len;
    int count;
    atomic_int calls; /* to look for himself */
};

static enum err ear_looks(void *context)
{
    struct ear *ear = context;
    atomic_fetch_add(&ear->calls, 1);
    return ERR_NONE;
}

static void ear_init(struct ear *ear)
{
    *ear = (struct ear){.count = 0};
    lock_init(&ear->lock);
    signal_init(&ear->signal);
}

static void ear_fini(struct ear *ear)
{
    mem_free(ear->message);
    signal_fini(&ear->signal);
    lock_fini(&ear->lock);
}

static void ear_hears(void *context, const char *message, size_t len)
{
    struct ear *ear = context;
    LOCKED(&ear->lock);
    mem_free(ear->message);
    ear->message = mem_text_len(message, len);
    ear->len = len;
    ear->count++;
    signal_wake(&ear->signal);
}

static void ear_wait(struct ear *ear, int count)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    LOCKED(&ear->lock);
    while (ear->count < count)
        CHECK(signal_wait_until(&ear->signal, &ear->lock, deadline_us));
}

static int heard_by(struct ear *ear)
{
    LOCKED(&ear->lock);
    return ear->count;
}

ON_BOTH_ENGINES(announcements_are_heard_in_the_process)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct ear ear;
    ear_init(&ear);
    store_listen(store, "live", ear_hears, &ear);
    store_announce(store, "live", "hello", 5);
    store_announce(store, "elsewhere", "nothing", 7);
    ear_wait(&ear, 1);
    CHECK_TEXT(ear.message, "hello");
    CHECK_INT(heard_by(&ear), 1);
    ear_fini(&ear);
}

/* Two stores on one database stand for two processes. What cannot be made much smaller: */
static char *noise(size_t len)
{
    struct random_sequence chance = {len};
    char *message = mem_new(len + 1);
    for (size_t i = 0; i < len; i++)
        message[i] = (char)('!' + random_below(&chance, 90));
    return message;
}

TEST(announcements_of_any_length_reach_the_other_processes_on_postgres)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, NULL, 0);
    SCOPED(store) two = place_open(place, NULL, 0);
    struct ear ear;
    ear_init(&ear);
    store_listen(two, "live", ear_hears, &ear);
    const size_t lens[] = {0, 1, 7000, 7001, 60000, LIMIT_ANNOUNCE_BYTES};
    for (int i = 0; i < (int)COUNT_OF(lens); i++) {
        SCOPED_MEM char *message = noise(lens[i]);
        store_announce(one, "live", message, lens[i]);
        ear_wait(&ear, i + 1);
        CHECK_INT(ear.len, lens[i]);
        CHECK(memcmp(ear.message, message, lens[i]) == 0);
    }
    CHECK_INT(ear.calls, 0);
    store_close(TAKE(two));
    ear_fini(&ear);
}

/* Only one process is cut off: its listener is ended, and nobody new may come in. */
static void cut_off_listener(struct store *other, int64_t pid)
{
    char sql[100];
    CHECK_INT(place_write(other, "UPDATE pg_database SET datallowconn = false"
                                 " WHERE datname = current_database()"),
              ERR_NONE);
    (void)snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld)", (long long)pid);
    CHECK_INT(place_write(other, sql), ERR_NONE);
}

static int64_t ask_int(struct store *store, const char *sql)
{
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    int64_t value = 0;
    enum err err = sql_one_int(db, &value, sql);
    store_reader_give(store, db);
    CHECK(err == ERR_NONE);
    return value;
}

#define LISTENERS                                                                                  \
    " FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND application_name LIKE 'muster%'"

TEST(while_a_process_is_cut_off_only_the_newest_of_a_value_waits_and_events_are_kept_on_postgres)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, NULL, 0);
    int64_t pid = ask_int(one, "SELECT MAX(pid)" LISTENERS);
    SCOPED(store) two = place_open(place, NULL, 0);
    struct ear values, events;
    ear_init(&values);
    ear_init(&events);
    store_listen(two, "values", ear_hears, &values);
    store_listen(two, "events", ear_hears, &events);
    store_listen_missed(two, ear_looks, &events);
    CHECK_INT(ask_int(two, "SELECT COUNT(*)" LISTENERS), 2); /* and has a reader from now on */
    cut_off_listener(two, pid);
    while (ask_int(two, "SELECT COUNT(*)" LISTENERS) > 1)
        (void)poll(NULL, 0, 5); /* it is gone when the server says so */
    store_announce(one, "events", "the alarm", 9);
    for (int i = 1; i <= 2 * LIMIT_ANNOUNCE_WAITING; i++) {
        char text[24], key[24];
        (void)snprintf(key, sizeof key, "zone-%d", i % 3);
        int len = snprintf(text, sizeof text, "%d", i);
        store_announce_newest(one, "values", key, text, (size_t)len);
    }
    for (int i = 0; i < 200; i++) /* others go on, and its attempts to come back are in vain */
        CHECK_INT(place_append(two, "facts", "k", "body"), ERR_NONE);
    CHECK_INT(heard_by(&events), 0);
    CHECK_INT(place_write(two, "UPDATE pg_database SET datallowconn = true"), ERR_NONE);
    ear_wait(&events, 1); /* nothing more has to be announced for that */
    CHECK_TEXT(events.message, "the alarm");
    ear_wait(&values, 3);
    CHECK_INT(heard_by(&values), 3);
    CHECK_INT(heard_by(&events), 1);
    CHECK_INT(events.calls, 0); /* nothing was lost */
    store_close(TAKE(two));
    ear_fini(&values);
    ear_fini(&events);
}

TEST(when_more_is_announced_than_can_be_sent_the_others_look_for_themselves_on_postgres)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, NULL, 0);
    SCOPED(store) two = place_open(place, NULL, 0);
    struct ear ear;
    ear_init(&ear);
    store_listen(two, "live", ear_hears, &ear);
    store_listen_missed(two, ear_looks, &ear);
    SCOPED_MEM char *message = noise(999999);
    for (int i = 0; i < 300; i++)
        store_announce(one, "live", message, 999999);
    int64_t deadline_us = clock_monotonic_us() + 30000000;
    while (ear.calls == 0 && clock_monotonic_us() < deadline_us)
        (void)poll(NULL, 0, 5); /* housekeeping's next round */
    CHECK(ear.calls > 0);
    int heard = heard_by(&ear);
    CHECK(heard >= LIMIT_ANNOUNCE_WAITING_BYTES / 999999 && heard < 300);
    store_close(TAKE(two));
    ear_fini(&ear);
}
