// SPDX-License-Identifier: Apache-2.0
/* base/lock.h — threads and locks for all of Muster, so that pthread.h stays down here.
 * A lock is held for a few microseconds and never across a database or the network. */
#pragma once
#include "base/base.h"

#include <pthread.h>

struct lock {
    pthread_mutex_t mutex;
};
struct signal { /* a condition with a monotonic deadline */
    pthread_cond_t condition;
};

/* For one that lives as long as the program:  static struct lock lock = LOCK_INIT; */
#define LOCK_INIT                                                                                  \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER                                                                  \
    }
void lock_init(struct lock *lock);
void lock_fini(struct lock *lock);
void lock_take(struct lock *lock);
void lock_give(struct lock *lock);

static inline void lock_give_scoped(struct lock **slot)
{
    lock_give(*slot);
}
/* Holds until the end of the block:  LOCKED(&hub->lock); */
#define LOCKED_JOIN2(a, b) a##b
#define LOCKED_JOIN(a, b)  LOCKED_JOIN2(a, b)
#define LOCKED(lock_)                                                                              \
    __attribute__((cleanup(lock_give_scoped), unused)) struct lock *LOCKED_JOIN(                   \
        locked_, __LINE__) = (lock_take(lock_), (lock_))

void signal_init(struct signal *signal);
void signal_fini(struct signal *signal);
void signal_wake(struct signal *signal);
void signal_wake_all(struct signal *signal);
void signal_wait(struct signal *signal, struct lock *held);
/* False when `deadline_us` (clock_monotonic_us) passed first. */
bool signal_wait_until(struct signal *signal, struct lock *held, int64_t deadline_us);

struct thread {
    pthread_t id;
    bool is_started;
};
/* `name` is at most 15 characters and shows in top -H. Aborts when no thread can be had. */
void thread_start(struct thread *thread, const char *name, void *(*run)(void *), void *context);
void thread_join(struct thread *thread); /* nothing when it was never started */
/* Lowers the calling thread's priority: for background work that must not delay an alarm. */
void thread_be_nice(void);
