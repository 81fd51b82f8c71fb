// SPDX-License-Identifier: Apache-2.0
#include "base/lock.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void must(int result)
{
    assert(result == 0);
}

void lock_init(struct lock *lock)
{
    must(pthread_mutex_init(&lock->mutex, NULL));
}

void lock_fini(struct lock *lock)
{
    must(pthread_mutex_destroy(&lock->mutex));
}

void lock_take(struct lock *lock)
{
    must(pthread_mutex_lock(&lock->mutex));
}

void lock_give(struct lock *lock)
{
    must(pthread_mutex_unlock(&lock->mutex));
}

void signal_init(struct signal *signal)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes));
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must(pthread_cond_init(&signal->condition, &attributes));
    must(pthread_condattr_destroy(&attributes));
}

void signal_fini(struct signal *signal)
{
    must(pthread_cond_destroy(&signal->condition));
}

void signal_wake(struct signal *signal)
{
    must(pthread_cond_signal(&signal->condition));
}

void signal_wake_all(struct signal *signal)
{
    must(pthread_cond_broadcast(&signal->condition));
}

void signal_wait(struct signal *signal, struct lock *held)
{
    must(pthread_cond_wait(&signal->condition, &held->mutex));
}

bool signal_wait_until(struct signal *signal, struct lock *held, int64_t deadline_us)
{
    struct timespec deadline = {.tv_sec = deadline_us / 1000000,
                                .tv_nsec = deadline_us % 1000000 * 1000};
    int result = pthread_cond_timedwait(&signal->condition, &held->mutex, &deadline);
    assert(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

void thread_start(struct thread *thread, const char *name, void *(*run)(void *), void *context)
{
    assert(!thread->is_started && strlen(name) <= 15);
    must(pthread_create(&thread->id, NULL, run, context));
    (void)pthread_setname_np(thread->id, name); /* only for people who look */
    thread->is_started = true;
}

void thread_join(struct thread *thread)
{
    if (!thread->is_started)
        return;
    must(pthread_join(thread->id, NULL));
    thread->is_started = false;
}

void thread_be_nice(void)
{
    /* On Linux the priority belongs to the thread; refused is harmless. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
}
