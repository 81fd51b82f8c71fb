// SPDX-License-Identifier: Apache-2.0
/* readings/appearances.h — how people look, as vectors that cameras may send with their new tracks, on their way
 * to whoever follows people in this process. In memory only: they are in no stream, no history and no
 * database, are told to no other process (what processes announce goes through the database's disk), and
 * whoever does not take them within APPEARANCE_WAIT_MS finds none. */
#pragma once
#include "base/base.h"

#define APPEARANCE_DIMS     128
#define APPEARANCE_WAIT_MS  60000
#define APPEARANCE_AHEAD_MS 1000 /* of the clock */
#define APPEARANCES_MAX     4096 /* that wait; the newest stay */

struct appearance {
    int64_t track; /* the device's own number */
    int8_t v[APPEARANCE_DIMS];
};

struct readings;
/* The next one of the device that waits; false when there is none. Any thread. */
bool readings_take_appearance(struct readings *readings, const char *event, const char *device,
                              struct appearance *out);
/* Drops those that have waited too long; to be called as time goes on. Returns how many wait. */
size_t readings_forget_appearances(struct readings *readings, int64_t now_ms);
