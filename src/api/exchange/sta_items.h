// SPDX-License-Identifier: Apache-2.0
/* api/exchange/sta_items.h — the entities that a path means, but for Observations: those of the venues of
 * an event, a window of them. Pure. */
#pragma once
#include "api/exchange/sta_entities.h"

struct sta_window {
    size_t skip, top;
    size_t total;           /* how many there are in all */
    struct sta_item *items; /* the window's; owned */
    size_t count;
};
void sta_window_fini(struct sta_window *window);

/* `path` is of any kind but the root and observations, and `from` is not STA_OBSERVATIONS. */
void sta_items_find(const struct sta_path *path, const struct event_venues *venues,
                    struct sta_window *window);

/* The Datastream whose series has this name; false when there is none. */
bool sta_datastream_find(const struct event_venues *venues, const char *series,
                         struct sta_item *out_item);
