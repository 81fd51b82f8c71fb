// SPDX-License-Identifier: Apache-2.0
/* client/interrupt.h — Ctrl-C and SIGTERM as an event that a command waits for, instead of a handler that
 * interrupts it. */
#pragma once
#include "base/base.h"

/* Before any thread is started. */
void interrupt_block(void);
/* Waits until then (clock_monotonic_us) or until the end was asked for; true when it was, now or
 * before. */
bool interrupt_wait_until(int64_t deadline_us);
bool interrupt_is_asked(void);
/* In a child, before exec: as if interrupt_block() had never been called. */
void interrupt_unblock(void);
