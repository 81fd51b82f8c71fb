// SPDX-License-Identifier: Apache-2.0
#include "base/pool.h"

#include "base/lock.h"
#include "base/test.h"

#define ROUNDS 1000

struct tally {
    struct lock lock;
    int runs[ROUNDS];
};

static void note(void *context, size_t i)
{
    struct tally *tally = context;
    LOCKED(&tally->lock);
    tally->runs[i]++;
}

static void check_each(size_t threads)
{
    SCOPED(pool) pool = pool_create("pool-test", threads);
    struct tally tally = {.runs = {0}};
    lock_init(&tally.lock);
    for (int loop = 0; loop < 20; loop++)
        pool_each(pool, ROUNDS, note, &tally);
    for (size_t i = 0; i < ROUNDS; i++)
        CHECK_INT(tally.runs[i], 20);
    lock_fini(&tally.lock);
}

TEST(every_round_runs_once_whoever_takes_it)
{
    check_each(0);
    check_each(3);
    check_each(POOL_THREADS_MAX + 5);
}

/* Two rounds that wait for one another: only two threads at once get through. */
struct meeting {
    struct lock lock;
    struct signal came;
    size_t here;
};

static void meet(void *context, size_t i)
{
    struct meeting *meeting = context;
    (void)i;
    LOCKED(&meeting->lock);
    meeting->here++;
    signal_wake_all(&meeting->came);
    while (meeting->here < 2)
        signal_wait(&meeting->came, &meeting->lock);
}

TEST(rounds_run_at_the_same_time)
{
    SCOPED(pool) pool = pool_create("pool-test", 1);
    struct meeting meeting = {.here = 0};
    lock_init(&meeting.lock);
    signal_init(&meeting.came);
    pool_each(pool, 2, meet, &meeting);
    CHECK_INT(meeting.here, 2);
    signal_fini(&meeting.came);
    lock_fini(&meeting.lock);
}

static void add_one(void *context)
{
    int *value = context;
    (*value)++;
}

static void check_job(struct pool *pool)
{
    int value = 0;
    struct pool_job job = {.work = add_one, .context = &value};
    CHECK(pool_is_done(pool, &job)); /* never started */
    for (int i = 1; i <= 100; i++) {
        pool_start(pool, &job);
        pool_wait(pool, &job);
        CHECK(pool_is_done(pool, &job));
        CHECK_INT(value, i);
    }
}

TEST(a_job_is_done_once_when_it_has_been_waited_for)
{
    SCOPED(pool) pool = pool_create("pool-test", 2);
    SCOPED(pool) alone = pool_create("pool-test", 0);
    check_job(pool);
    check_job(alone);
    check_job(NULL);
}

TEST(more_jobs_than_fit_are_all_done)
{
    SCOPED(pool) pool = pool_create("pool-test", 1);
    enum { JOBS = 3 * POOL_JOBS_MAX };
    static int values[JOBS];
    static struct pool_job jobs[JOBS];
    for (int i = 0; i < JOBS; i++) {
        values[i] = 0;
        jobs[i] = (struct pool_job){.work = add_one, .context = &values[i]};
        pool_start(pool, &jobs[i]);
    }
    for (int i = 0; i < JOBS; i++) {
        pool_wait(pool, &jobs[i]);
        CHECK_INT(values[i], 1);
    }
}
