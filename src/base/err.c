// SPDX-License-Identifier: Apache-2.0
#include "base/base.h"

#include <stdio.h>

static const char *const NAMES[ERR_COUNT] = {
    [ERR_NONE] = "none",
    [ERR_MALFORMED] = "malformed",
    [ERR_INVALID] = "invalid",
    [ERR_UNAUTHENTICATED] = "unauthenticated",
    [ERR_FORBIDDEN] = "forbidden",
    [ERR_NOT_FOUND] = "not-found",
    [ERR_CONFLICT] = "conflict",
    [ERR_TOO_LARGE] = "too-large",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_TOO_MANY] = "too-many",
    [ERR_BUSY] = "busy",
    [ERR_NO_MEMORY] = "no-memory",
    [ERR_IO] = "io",
    [ERR_CORRUPT] = "corrupt",
};

const char *err_name(enum err err)
{
    assert(err < ERR_COUNT);
    return NAMES[err];
}

enum err(err_set)(struct err_note *note, enum err err, const char *place, const char *detail, ...)
{
    if (note == NULL)
        return err;
    (void)snprintf(note->place, sizeof note->place, "%s", place);
    va_list args;
    va_start(args, detail);
    (void)vsnprintf(note->detail, sizeof note->detail, detail, args);
    va_end(args);
    return err;
}

void err_note_within(struct err_note *note, const char *prefix)
{
    if (note == NULL)
        return;
    char joined[sizeof note->place + 160];
    bool needs_dot = note->place[0] != '\0' && note->place[0] != '[';
    (void)snprintf(joined, sizeof joined, "%s%s%s", prefix, needs_dot ? "." : "", note->place);
    joined[sizeof note->place - 1] = '\0';
    memcpy(note->place, joined, sizeof note->place);
}

_Noreturn void assert_failed(const char *claim, const char *file, int line)
{
    (void)fprintf(stderr, "level=fatal msg=\"assertion failed\" claim=\"%s\" at=%s:%d\n", claim,
                  file, line);
    abort();
}
