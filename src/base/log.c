// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int lowest_level = LOG_INFO;
static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level lowest)
{
    lowest_level = (int)lowest;
}

bool log_level_parse(const char *name, enum log_level *out_level)
{
    for (size_t i = 0; i < COUNT_OF(LEVELS); i++) {
        if (strcmp(name, LEVELS[i]) == 0) {
            *out_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_write(enum log_level level, const char *area, const char *message, const char *fields, ...)
{
    if ((int)level < lowest_level)
        return;
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), now);
    char line[1024];
    int len = snprintf(line, sizeof line - 1, "ts=%s level=%s area=%s msg=\"%s\" ", now,
                       LEVELS[level], area, message);
    if (len > 0 && (size_t)len < sizeof line - 1) {
        va_list args;
        va_start(args, fields);
        int more = vsnprintf(line + len, sizeof line - 1 - (size_t)len, fields, args);
        va_end(args);
        len += MAX(more, 0);
    }
    size_t end = MIN((size_t)MAX(len, 0), sizeof line - 2);
    line[end] = '\n';
    /* A log that cannot be written must not stop an event. */
    if (write(STDERR_FILENO, line, end + 1) < 0)
        return;
}

const char *log_text(char *out, size_t size, const char *value)
{
    assert(size >= 8);
    size_t n = 0;
    out[n++] = '"';
    for (const char *p = value == NULL ? "" : value; *p != '\0' && n < size - 4; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        out[n++] = c < 0x20 || c == 0x7F ? '?' : (char)c;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}
