// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/places.h"

static int compare_ids(const void *a, const void *b)
{
    struct venue_view *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

struct event_venues event_venues_of(const struct app *app, const char *event)
{
    size_t count = 0;
    struct event_venues venues = {.views = venues_views(app->venues, &count)};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(venues.views[i]->event, event) == 0)
            venues.views[venues.count++] = venues.views[i];
        else
            shared_unref(&venues.views[i]->shared);
    }
    if (venues.count > 1)
        qsort(venues.views, venues.count, sizeof(struct venue_view *), compare_ids);
    return venues;
}

void event_venues_fini(struct event_venues *venues)
{
    for (size_t i = 0; i < venues->count; i++)
        shared_unref(&venues->views[i]->shared);
    mem_free(venues->views);
}

void places_add_position(struct text *out, const struct venue_view *view, struct point floor_m)
{
    struct point at = view->is_on_earth ? venue_to_earth(view, floor_m) : floor_m;
    text_addf(out, view->is_on_earth ? "[%.7f,%.7f]" : "[%.2f,%.2f]", at.x, at.y);
}

void places_add_polygon(struct text *out, const struct venue_view *view, const struct zone *zone)
{
    text_add(out, "{\"type\":\"Polygon\",\"coordinates\":[[");
    for (size_t i = 0; i < zone->ring_len; i++) {
        places_add_position(out, view, zone->ring[i]);
        text_add_char(out, ',');
    }
    places_add_position(out, view, zone->ring[0]); /* closed, as RFC 7946 wants it */
    text_add(out, "]]}");
}

void places_add_text(struct text *out, const char *name, const char *value)
{
    text_addf(out, "\"%s\":", name);
    text_add_json(out, value, strlen(value));
}

const struct crowd_zone_state *places_state_of(const struct crowd_picture *picture,
                                               const char *zone, size_t guess)
{
    if (picture == NULL)
        return NULL;
    if (guess < picture->zone_count && strcmp(picture->zones[guess].id, zone) == 0)
        return &picture->zones[guess];
    for (size_t z = 0; z < picture->zone_count; z++) {
        if (strcmp(picture->zones[z].id, zone) == 0)
            return &picture->zones[z];
    }
    return NULL;
}

const struct zone *places_zone_of(const struct venue_view *view, const char *zone)
{
    for (size_t z = 0; z < view->zone_count; z++) {
        if (strcmp(view->zones[z].id, zone) == 0)
            return &view->zones[z];
    }
    return NULL;
}
