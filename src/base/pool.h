// SPDX-License-Identifier: Apache-2.0
/* base/pool.h — a few threads that share out work which is in memory already: loops whose rounds do not
 * know of one another, and single jobs beside the caller. Not for anything that waits (store, network).
 *
 * One caller at a time. A pool of 0 threads, and a NULL one, does everything in the caller: tests are
 * then without threads, and the result is the same. */
#pragma once
#include "base/base.h"

#define POOL_THREADS_MAX 16
#define POOL_JOBS_MAX    64 /* waiting; beyond, the caller does it itself */

struct pool;
/* `name` as for thread_start. Threads beyond POOL_THREADS_MAX are not started. */
struct pool *pool_create(const char *name, size_t thread_count);
void pool_destroy(struct pool *pool); /* NULL is fine; no job may be under way */
DEFINE_SCOPED(pool)
/* As many threads as may work beside the caller without being more than the machine's processors. */
size_t pool_threads_here(void);

/* Runs work(context, i) for every i below `count`, the caller taking part; returns when all are done. */
void pool_each(struct pool *pool, size_t count, void (*work)(void *context, size_t i),
               void *context);

/* A job beside the caller. The owner keeps it, and what `context` points at, until it is done. */
struct pool_job {
    void (*work)(void *context);
    void *context;
    bool is_started, is_done; /* under the pool's lock */
};
void pool_start(struct pool *pool, struct pool_job *job);
/* Whether it is done; true for one that was never started. */
bool pool_is_done(struct pool *pool, struct pool_job *job);
void pool_wait(struct pool *pool, struct pool_job *job);
