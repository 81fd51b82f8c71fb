// SPDX-License-Identifier: Apache-2.0
/* Which steps an event may take:
 *
 *   draft <--> published --> running <--> over
 *                  |                       ^
 *                  +------ called off -----+
 *
 * Back to draft only before the start: later, guests hold tickets for it. Doors may open before the
 * announced start, so running asks only that the end has not passed. */
#include "events/events.h"

const char *const EVENT_STATE_NAMES[] = {"draft", "published", "running", "over", NULL};

enum event_move event_move_decide(const struct event *event, enum event_state to, int64_t now_ms)
{
    enum event_state from = event->state;
    if (from == to)
        return EVENT_MOVE_NONE;
    bool is_past = now_ms >= event->ends_at_ms;
    if (from == EVENT_DRAFT && to == EVENT_PUBLISHED)
        return is_past ? EVENT_MOVE_TOO_LATE : EVENT_MOVE_OK;
    if (from == EVENT_PUBLISHED && to == EVENT_DRAFT)
        return now_ms >= event->starts_at_ms ? EVENT_MOVE_TOO_LATE : EVENT_MOVE_OK;
    if (from == EVENT_PUBLISHED && to == EVENT_RUNNING)
        return is_past ? EVENT_MOVE_TOO_LATE : EVENT_MOVE_OK;
    if ((from == EVENT_PUBLISHED || from == EVENT_RUNNING) && to == EVENT_OVER)
        return EVENT_MOVE_OK;
    if (from == EVENT_OVER && to == EVENT_RUNNING)
        return now_ms >= event->ends_at_ms + EVENT_REOPEN_MS ? EVENT_MOVE_TOO_LATE : EVENT_MOVE_OK;
    return EVENT_MOVE_SKIPS;
}
