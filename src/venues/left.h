// SPDX-License-Identifier: Apache-2.0
/* venues/left.h — where devices and zones stood before. What a device sent is in the stream of the venue
 * where it stood then; until history has taken it up, who reads must look there too. */
#pragma once
#include "venues/venues.h"

#define VENUES_LEFT_KEPT_MS (INT64_C(7) * 86400000) /* history is never so far behind */

/* Each venue of the event that a device or zone of this id has left, or that is gone itself; `id` NULL: of
 * any id. ERR_BUSY while the database is away. */
MUST_USE enum err venues_left(struct venues *venues, const char *event, const char *id,
                              void (*visit)(void *context, const char *venue), void *context);

/* --- for edit.c: inside its command --- */
MUST_USE enum err left_note(struct db *db, const char *event, const char *venue, const char *id);
/* The venue goes, with all that stands in it. */
MUST_USE enum err left_note_venue(struct db *db, const char *event, const char *venue);
void left_expire(struct store *main_store);
