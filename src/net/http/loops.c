// SPDX-License-Identifier: Apache-2.0
#include "net/http/loops.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/lock.h"

/* libmicrohttpd 0.9.75 may run for the close of an upgraded TLS connection before it has noted it, and then
 * asks for no further run: such a connection is let go this much later. */
#define WAIT_MAX_MS 1000

/* A connection whose buffer is full of what can never be finished, such as an endless chunk extension,
 * has libmicrohttpd 0.9.75 ask to be run again at once until the connection times out. */
#define IDLE_ROUNDS_MAX 64
#define IDLE_WAIT_MS    10

struct loop {
    struct loops *loops;
    struct MHD_Daemon *daemon;
    int epoll; /* the daemon's */
    int wake;  /* eventfd: is_woken was set */
    atomic_bool is_woken;
    _Atomic(struct loop_task *) posted; /* the last one first */
    atomic_bool is_quieting;
    atomic_bool is_stopping;
    bool is_quiet;   /* guarded by the lock */
    int idle_rounds; /* one after the other to which no socket and nobody else gave reason */
    struct thread thread;
};

struct loops {
    struct lock lock;
    struct signal quiet;
    int listener; /* given back by the daemons; the same of all */
    int count;
    struct loop items[];
};

static _Thread_local struct loop *current;

struct loop *loop_current(void)
{
    assert(current != NULL);
    return current;
}

void loop_wake(struct loop *loop)
{
    if (atomic_exchange(&loop->is_woken, true) || loop == current)
        return; /* it has not looked yet, or does before it waits */
    uint64_t one = 1;
    ssize_t n = write(loop->wake, &one, sizeof one);
    assert(n == sizeof one);
}

bool loop_is_current(const struct loop *loop)
{
    return loop == current;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    task->next = atomic_load(&loop->posted);
    while (!atomic_compare_exchange_weak(&loop->posted, &task->next, task))
        continue;
    loop_wake(loop);
}

static void run_posted(struct loop *loop)
{
    struct loop_task *in_order = NULL;
    struct loop_task *task = atomic_exchange(&loop->posted, NULL);
    while (task != NULL) {
        struct loop_task *earlier = task->next;
        task->next = in_order;
        in_order = task;
        task = earlier;
    }
    while (in_order != NULL) {
        task = in_order;
        in_order = task->next;
        task->run(task);
    }
}

static void be_quiet(struct loop *loop)
{
    struct loops *loops = loop->loops;
    int listener = MHD_quiesce_daemon(loop->daemon);
    LOCKED(&loops->lock);
    loops->listener = listener;
    loop->is_quiet = true;
    signal_wake_all(&loops->quiet);
}

static int patience_ms(const struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG left_ms;
    if (atomic_load(&loop->is_woken))
        return 0;
    if (MHD_get_timeout(loop->daemon, &left_ms) != MHD_YES)
        return WAIT_MAX_MS;
    if (left_ms == 0 && loop->idle_rounds >= IDLE_ROUNDS_MAX)
        return IDLE_WAIT_MS;
    return (int)MIN(left_ms, (MHD_UNSIGNED_LONG_LONG)WAIT_MAX_MS);
}

static void *run(void *context)
{
    struct loop *loop = context;
    struct pollfd waited[] = {{.fd = loop->epoll, .events = POLLIN},
                              {.fd = loop->wake, .events = POLLIN}};
    bool is_quiet = false;
    current = loop;
    while (!atomic_load(&loop->is_stopping)) {
        bool has_reason = atomic_load(&loop->is_woken);
        has_reason |= poll(waited, COUNT_OF(waited), patience_ms(loop)) > 0;
        loop->idle_rounds = has_reason ? 0 : MIN(loop->idle_rounds + 1, IDLE_ROUNDS_MAX);
        if ((waited[1].revents & POLLIN) != 0) {
            uint64_t count;
            (void)!read(loop->wake, &count, sizeof count);
        }
        atomic_store(&loop->is_woken, false);
        if (!is_quiet && atomic_load(&loop->is_quieting)) {
            be_quiet(loop);
            is_quiet = true;
        }
        run_posted(loop);
        (void)MHD_run(loop->daemon);
    }
    return NULL;
}

/* The descriptors of those that were made; their daemons give the listener back first, because each
 * would close it. */
static void destroy(struct loops *loops, bool is_quiet)
{
    for (int i = 0; i < loops->count; i++) {
        struct loop *loop = &loops->items[i];
        if (loop->daemon == NULL)
            continue;
        if (!is_quiet)
            (void)MHD_quiesce_daemon(loop->daemon);
        MHD_stop_daemon(loop->daemon);
        (void)close(loop->wake);
    }
    signal_fini(&loops->quiet);
    lock_fini(&loops->lock);
    mem_free(loops);
}

static bool make_loop(struct loop *loop, struct MHD_Daemon *daemon)
{
    if (daemon == NULL)
        return false;
    loop->daemon = daemon;
    loop->epoll = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->wake >= 0;
}

struct loops *loops_start(int thread_count,
                          struct MHD_Daemon *(*make)(void *context, int thread_count),
                          void *context)
{
    struct loops *loops = mem_new(sizeof *loops + (size_t)thread_count * sizeof loops->items[0]);
    lock_init(&loops->lock);
    signal_init(&loops->quiet);
    loops->listener = -1;
    loops->count = thread_count;
    for (int i = 0; i < thread_count; i++) {
        loops->items[i].loops = loops;
        if (!make_loop(&loops->items[i], make(context, thread_count))) {
            destroy(loops, false);
            return NULL;
        }
    }
    for (int i = 0; i < thread_count; i++)
        thread_start(&loops->items[i].thread, "http-event", run, &loops->items[i]);
    return loops;
}

void loops_wake(struct loops *loops)
{
    for (int i = 0; i < loops->count; i++)
        loop_wake(&loops->items[i]);
}

int loops_quiesce(struct loops *loops)
{
    for (int i = 0; i < loops->count; i++) {
        atomic_store(&loops->items[i].is_quieting, true);
        loop_wake(&loops->items[i]);
    }
    LOCKED(&loops->lock);
    for (int i = 0; i < loops->count; i++) {
        while (!loops->items[i].is_quiet)
            signal_wait(&loops->quiet, &loops->lock);
    }
    return loops->listener;
}

void loops_stop(struct loops *loops)
{
    if (loops == NULL)
        return;
    for (int i = 0; i < loops->count; i++) {
        atomic_store(&loops->items[i].is_stopping, true);
        loop_wake(&loops->items[i]);
    }
    for (int i = 0; i < loops->count; i++)
        thread_join(&loops->items[i].thread);
    destroy(loops, true);
}
