// SPDX-License-Identifier: Apache-2.0
/* api/known_events.h — events that were seen to exist less than KNOWN_EVENT_MS ago, so that the event
 * threads need not ask the database each time an administrator does something at one. */
#pragma once
#include "base/base.h"

#define KNOWN_EVENT_MS     2000
#define LIMIT_KNOWN_EVENTS 256 /* further ones take an older one's place */

bool known_event_is_recent(const char *event, int64_t now_ms);
void known_event_note(const char *event, int64_t now_ms);
void known_event_forget(const char *event); /* after its removal */
