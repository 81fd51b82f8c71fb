// SPDX-License-Identifier: Apache-2.0
/* A record's key is "event/venue", so whoever knows the venue knows the shard. */
#include <stdio.h>

#include "base/text.h"
#include "readings/readings_internal.h"
#include "venues/left.h"

static unsigned shard_of_view(struct venue_view *view)
{
    unsigned shards = 1U << stream_shard_of(view->key);
    shared_unref(&view->shared);
    return shards;
}

struct left {
    const char *event;
    unsigned shards;
};

static void add_left(void *context, const char *venue)
{
    struct left *left = context;
    char key[2 * LIMIT_ID_LEN + 2];
    (void)snprintf(key, sizeof key, "%s/%s", left->event, venue);
    left->shards |= 1U << stream_shard_of(key);
}

/* What it sent where it stood before may not be in history yet. */
static unsigned with_left(struct readings *readings, unsigned shards, const char *event,
                          const char *id)
{
    struct left left = {.event = event, .shards = shards};
    if (shards == HISTORY_ALL_SHARDS)
        return shards;
    enum err err = venues_left(readings->venues, event, id, add_left, &left);
    return err == ERR_NONE ? left.shards : HISTORY_ALL_SHARDS;
}

unsigned shards_of_device(struct readings *readings, const char *event, const char *device)
{
    const struct device *found;
    if (readings->venues == NULL)
        return HISTORY_ALL_SHARDS;
    struct venue_view *view = venues_view_of_device(readings->venues, event, device, &found);
    return view == NULL ? HISTORY_ALL_SHARDS
                        : with_left(readings, shard_of_view(view), event, device);
}

static bool has_zone(const struct venue_view *view, const char *zone)
{
    for (size_t i = 0; i < view->zone_count; i++) {
        if (strcmp(view->zones[i].id, zone) == 0)
            return true;
    }
    return false;
}

/* Of the event's venues, those with this zone; NULL: all of them. */
static unsigned shards_of_views(struct readings *readings, const char *event, const char *zone)
{
    size_t count = 0;
    unsigned shards = 0;
    if (readings->venues == NULL)
        return HISTORY_ALL_SHARDS;
    struct venue_view **views = venues_views(readings->venues, &count);
    for (size_t i = 0; i < count; i++) {
        bool is_wanted =
            strcmp(views[i]->event, event) == 0 && (zone == NULL || has_zone(views[i], zone));
        unsigned shard = shard_of_view(views[i]);
        shards |= is_wanted ? shard : 0;
    }
    mem_free(views);
    return shards == 0 ? HISTORY_ALL_SHARDS : with_left(readings, shards, event, zone);
}

unsigned shards_of_event(struct readings *readings, const char *event)
{
    return shards_of_views(readings, event, NULL);
}

unsigned shards_of_series(struct readings *readings, const char *event, const char *series)
{
    char subject[READINGS_SERIES_LEN + 1];
    if (!text_copy(subject, sizeof subject, series))
        return HISTORY_ALL_SHARDS;
    subject[strcspn(subject, ":")] = '\0';
    if (strncmp(subject, "zone.", 5) == 0)
        return shards_of_views(readings, event, subject + 5);
    if (strncmp(subject, "venue.", 6) != 0)
        return shards_of_device(readings, event, subject);
    struct venue_view *view =
        readings->venues == NULL ? NULL : venues_view(readings->venues, event, subject + 6);
    return view == NULL ? HISTORY_ALL_SHARDS : shard_of_view(view);
}
