// SPDX-License-Identifier: Apache-2.0
/* A pool of threads that may wait, and its bounded ring; a full one is ERR_BUSY at once, because a
 * longer queue would only make everybody wait for answers nobody waits for any more. */
#include "net/http/internal.h"

struct workers {
    struct lock lock;
    struct signal wake;
    struct request *ring[LIMIT_WORKER_QUEUE_LEN];
    size_t first;
    size_t count;
    bool is_stopping;
    void (*run)(struct request *request);
    int thread_count;
    struct thread threads[];
};

static struct request *take(struct workers *workers)
{
    LOCKED(&workers->lock);
    while (workers->count == 0 && !workers->is_stopping)
        signal_wait(&workers->wake, &workers->lock);
    if (workers->count == 0)
        return NULL;
    struct request *request = workers->ring[workers->first];
    workers->first = (workers->first + 1) % LIMIT_WORKER_QUEUE_LEN;
    workers->count--;
    return request;
}

static void *work(void *context)
{
    struct workers *workers = context;
    for (struct request *request; (request = take(workers)) != NULL;)
        workers->run(request);
    return NULL;
}

struct workers *workers_create(const char *name, int thread_count,
                               void (*run)(struct request *request))
{
    struct workers *workers =
        mem_new(sizeof *workers + (size_t)thread_count * sizeof workers->threads[0]);
    lock_init(&workers->lock);
    signal_init(&workers->wake);
    workers->run = run;
    workers->thread_count = thread_count;
    for (int i = 0; i < thread_count; i++)
        thread_start(&workers->threads[i], name, work, workers);
    return workers;
}

void workers_destroy(struct workers *workers)
{
    if (workers == NULL)
        return;
    lock_take(&workers->lock);
    workers->is_stopping = true;
    signal_wake_all(&workers->wake);
    lock_give(&workers->lock);
    for (int i = 0; i < workers->thread_count; i++)
        thread_join(&workers->threads[i]);
    signal_fini(&workers->wake);
    lock_fini(&workers->lock);
    mem_free(workers);
}

enum err workers_push(struct workers *workers, struct request *request)
{
    LOCKED(&workers->lock);
    if (workers->count == LIMIT_WORKER_QUEUE_LEN)
        return ERR_BUSY;
    workers->ring[(workers->first + workers->count) % LIMIT_WORKER_QUEUE_LEN] = request;
    workers->count++;
    signal_wake(&workers->wake);
    return ERR_NONE;
}
