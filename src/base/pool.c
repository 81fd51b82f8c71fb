// SPDX-License-Identifier: Apache-2.0
/* base/pool.c — rounds of a loop are taken one by one by whoever is free, the caller among them; jobs wait
 * in a short queue and come after the loop's rounds, for which somebody waits. */
#include "base/pool.h"

#include "base/lock.h"
#include "base/mem.h"

#include <unistd.h>

struct loop {
    void (*work)(void *context, size_t i);
    void *context;
    size_t next, done, count;
};

struct pool {
    struct lock lock;
    struct signal has_work, is_done;
    struct loop loop;
    struct pool_job *jobs[POOL_JOBS_MAX]; /* waiting, oldest first */
    size_t job_count;
    bool is_ending;
    struct thread threads[POOL_THREADS_MAX];
    size_t thread_count;
};

size_t pool_threads_here(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors <= 1 ? 0 : MIN((size_t)processors - 1, (size_t)POOL_THREADS_MAX);
}

/* Under the lock, which is given up while the round runs. */
static void run_round(struct pool *pool)
{
    struct loop *loop = &pool->loop;
    size_t i = loop->next++;
    lock_give(&pool->lock);
    loop->work(loop->context, i);
    lock_take(&pool->lock);
    if (++loop->done == loop->count)
        signal_wake_all(&pool->is_done);
}

static void run_job(struct pool *pool)
{
    struct pool_job *job = pool->jobs[0];
    pool->job_count--;
    memmove(&pool->jobs[0], &pool->jobs[1], pool->job_count * sizeof(struct pool_job *));
    lock_give(&pool->lock);
    job->work(job->context);
    lock_take(&pool->lock);
    job->is_done = true;
    signal_wake_all(&pool->is_done);
}

static void *run(void *context)
{
    struct pool *pool = context;
    LOCKED(&pool->lock);
    while (true) {
        if (pool->loop.next < pool->loop.count)
            run_round(pool);
        else if (pool->job_count > 0)
            run_job(pool);
        else if (pool->is_ending)
            return NULL;
        else
            signal_wait(&pool->has_work, &pool->lock);
    }
}

struct pool *pool_create(const char *name, size_t thread_count)
{
    struct pool *pool = mem_new(sizeof *pool);
    lock_init(&pool->lock);
    signal_init(&pool->has_work);
    signal_init(&pool->is_done);
    pool->thread_count = MIN(thread_count, (size_t)POOL_THREADS_MAX);
    for (size_t i = 0; i < pool->thread_count; i++)
        thread_start(&pool->threads[i], name, run, pool);
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    lock_take(&pool->lock);
    pool->is_ending = true;
    signal_wake_all(&pool->has_work);
    lock_give(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        thread_join(&pool->threads[i]);
    signal_fini(&pool->has_work);
    signal_fini(&pool->is_done);
    lock_fini(&pool->lock);
    mem_free(pool);
}

static bool has_threads(const struct pool *pool)
{
    return pool != NULL && pool->thread_count > 0;
}

void pool_each(struct pool *pool, size_t count, void (*work)(void *context, size_t i),
               void *context)
{
    if (!has_threads(pool) || count < 2) {
        for (size_t i = 0; i < count; i++)
            work(context, i);
        return;
    }
    LOCKED(&pool->lock);
    pool->loop = (struct loop){.work = work, .context = context, .count = count};
    signal_wake_all(&pool->has_work);
    while (pool->loop.next < count)
        run_round(pool);
    while (pool->loop.done < count)
        signal_wait(&pool->is_done, &pool->lock);
    pool->loop = (struct loop){.work = NULL};
}

void pool_start(struct pool *pool, struct pool_job *job)
{
    bool is_taken = false;
    if (has_threads(pool)) {
        LOCKED(&pool->lock);
        is_taken = pool->job_count < POOL_JOBS_MAX;
        if (is_taken) {
            job->is_started = true;
            job->is_done = false;
            pool->jobs[pool->job_count++] = job;
            signal_wake(&pool->has_work);
        }
    }
    if (!is_taken) {
        job->work(job->context);
        job->is_started = job->is_done = true;
    }
}

bool pool_is_done(struct pool *pool, struct pool_job *job)
{
    if (!has_threads(pool))
        return true;
    LOCKED(&pool->lock);
    return !job->is_started || job->is_done;
}

void pool_wait(struct pool *pool, struct pool_job *job)
{
    if (!has_threads(pool))
        return;
    LOCKED(&pool->lock);
    while (job->is_started && !job->is_done)
        signal_wait(&pool->is_done, &pool->lock);
}
