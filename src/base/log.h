// SPDX-License-Identifier: Apache-2.0
/* base/log.h — structured lines on stderr, one write each:
 *   ts=2026-06-20T21:14:03.100Z level=info area=store msg="checkpoint" pages=812 ms=3
 * Whoever stops a failure from travelling logs it, once. Never a secret, a token, a body. */
#pragma once
#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level lowest);
bool log_level_parse(const char *name, enum log_level *out_level);

/* `fields` is a printf format of key=value pairs; text values that a peer chose go through
 * log_text(). log_write(LOG_WARN, "net", "connection refused", "limit=%d", max); */
void log_write(enum log_level level, const char *area, const char *message, const char *fields, ...)
    PRINTF(4, 5);

/* Quotes and escapes for a field value, cut to fit; returns `out`. */
const char *log_text(char *out, size_t size, const char *value);
#define LOG_TEXT(value) log_text((char[256]){0}, 256, (value))
