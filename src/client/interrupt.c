// SPDX-License-Identifier: Apache-2.0
#include "client/interrupt.h"

#include "base/clock.h"

#include <signal.h>
#include <stdatomic.h>

static atomic_bool is_asked;

static sigset_t ends(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    return set;
}

void interrupt_block(void)
{
    sigset_t set = ends();
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void interrupt_unblock(void)
{
    sigset_t set = ends();
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool interrupt_wait_until(int64_t deadline_us)
{
    sigset_t set = ends();
    for (bool is_first = true; !atomic_load(&is_asked); is_first = false) {
        int64_t left_us = MAX(0, deadline_us - clock_monotonic_us());
        if (left_us == 0 && !is_first)
            break;
        struct timespec patience = {.tv_sec = left_us / 1000000,
                                    .tv_nsec = left_us % 1000000 * 1000};
        if (sigtimedwait(&set, NULL, &patience) > 0)
            atomic_store(&is_asked, true);
    }
    return atomic_load(&is_asked);
}

bool interrupt_is_asked(void)
{
    return interrupt_wait_until(0);
}
