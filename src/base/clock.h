// SPDX-License-Identifier: Apache-2.0
/* base/clock.h — time. Inside, int64_t milliseconds UTC since 1970; at the edge, RFC 3339.
 * Decisions take `now_ms` as a parameter; only shells read the clock. */
#pragma once
#include "base/base.h"

int64_t clock_now_ms(void);       /* wall clock, UTC */
int64_t clock_monotonic_us(void); /* for durations only */

#define CLOCK_TEXT_SIZE 25 /* "2026-06-20T21:14:03.100Z" and its terminator */

/* Writes CLOCK_TEXT_SIZE bytes. Years 0000 to 9999; others are clamped. */
void clock_format(int64_t at_ms, char out[CLOCK_TEXT_SIZE]);

/* RFC 3339 with an offset or Z, any number of fraction digits (cut to ms, never rounded up), a leap
 * second as the next second. False when it is anything else. Does not allocate. */
bool clock_parse(const char *text, size_t len, int64_t *out_at_ms);
