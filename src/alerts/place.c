// SPDX-License-Identifier: Apache-2.0
#include "alerts/place.h"

#include "base/text.h"

enum venue_part place_of_series(const char *series, char out_id[LIMIT_ID_LEN + 1])
{
    static const struct {
        const char *prefix;
        enum venue_part part;
    } KINDS[] = {{"zone.", VENUE_PART_ZONE},
                 {"line.", VENUE_PART_LINE},
                 {"venue.", VENUE_PART_VENUE},
                 {"device.", VENUE_PART_DEVICE},
                 {"", VENUE_PART_DEVICE}};
    size_t i = 0;
    while (strncmp(series, KINDS[i].prefix, strlen(KINDS[i].prefix)) != 0)
        i++;
    const char *id = series + strlen(KINDS[i].prefix);
    size_t len = strcspn(id, ":");
    if (len > LIMIT_ID_LEN)
        return VENUE_PART_PICTURE;
    memcpy(out_id, id, len);
    out_id[len] = '\0';
    return text_is_id(out_id) ? KINDS[i].part : VENUE_PART_PICTURE;
}

static bool zone_stands(struct venues *venues, const char *event, const char *venue, const char *id)
{
    struct venue_view *view = venues_view(venues, event, venue);
    bool is_there = false;
    for (size_t i = 0; view != NULL && i < view->zone_count && !is_there; i++)
        is_there = strcmp(view->zones[i].id, id) == 0;
    if (view != NULL)
        shared_unref(&view->shared);
    return is_there;
}

static bool line_stands(struct venues *venues, const char *event, const char *venue, const char *id)
{
    struct venue_view *view = venues_view(venues, event, venue);
    bool is_there = false;
    for (size_t i = 0; view != NULL && i < view->line_count && !is_there; i++)
        is_there = strcmp(view->lines[i].id, id) == 0;
    if (view != NULL)
        shared_unref(&view->shared);
    return is_there;
}

static bool unref(struct venue_view *view)
{
    if (view != NULL)
        shared_unref(&view->shared);
    return view != NULL;
}

bool place_stands(struct venues *venues, const char *event, const char *venue, const char *series)
{
    char id[LIMIT_ID_LEN + 1];
    const struct device *device;
    enum venue_part part = place_of_series(series, id);
    if (venues == NULL || part == VENUE_PART_PICTURE)
        return true;
    if (part == VENUE_PART_ZONE)
        return zone_stands(venues, event, venue, id);
    if (part == VENUE_PART_LINE)
        return line_stands(venues, event, venue, id);
    if (part == VENUE_PART_VENUE)
        return unref(venues_view(venues, event, id));
    return unref(venues_view_of_device(venues, event, id, &device));
}

enum err place_exists(struct db *db, const char *event, const char *series)
{
    char id[LIMIT_ID_LEN + 1];
    enum venue_part part = place_of_series(series, id);
    return part == VENUE_PART_PICTURE ? ERR_NONE : venue_part_exists(db, part, event, id);
}
