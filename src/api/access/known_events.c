// SPDX-License-Identifier: Apache-2.0
#include "api/access/known_events.h"

#include "base/crc32c.h"
#include "base/lock.h"
#include "base/text.h"

struct known {
    char event[LIMIT_ID_LEN + 1];
    int64_t seen_at_ms;
};

static struct lock lock = LOCK_INIT;
static struct known places[LIMIT_KNOWN_EVENTS];

static struct known *place_of(const char *event)
{
    return &places[crc32c(0, event, strlen(event)) % LIMIT_KNOWN_EVENTS];
}

bool known_event_is_recent(const char *event, int64_t now_ms)
{
    LOCKED(&lock);
    const struct known *known = place_of(event);
    return strcmp(known->event, event) == 0 && known->seen_at_ms <= now_ms &&
           now_ms < known->seen_at_ms + KNOWN_EVENT_MS;
}

void known_event_note(const char *event, int64_t now_ms)
{
    LOCKED(&lock);
    struct known *known = place_of(event);
    if (text_copy(known->event, sizeof known->event, event))
        known->seen_at_ms = now_ms;
}

void known_event_forget(const char *event)
{
    LOCKED(&lock);
    struct known *known = place_of(event);
    if (strcmp(known->event, event) == 0)
        *known = (struct known){.seen_at_ms = 0};
}
