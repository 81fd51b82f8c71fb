// SPDX-License-Identifier: Apache-2.0
/* api/exchange/places.h — what the forms of exchange share: the venues of an event in a stable order,
 * and places as GeoJSON (RFC 7946: longitude, latitude, counter-clockwise rings). A venue without wgs84
 * has its places in metres, and only GeoJSON files, which say so, carry them. */
#pragma once
#include "api/api.h"
#include "base/text.h"
#include "crowd/crowd.h"
#include "venues/venues.h"

struct event_venues { /* by id */
    struct venue_view **views;
    size_t count;
};
struct event_venues event_venues_of(const struct app *app, const char *event);
void event_venues_fini(struct event_venues *venues);
#define SCOPED_EVENT_VENUES __attribute__((cleanup(event_venues_fini))) struct event_venues

/* [longitude, latitude] to a centimetre, or [x, y] in metres where there is no origin. */
void places_add_position(struct text *out, const struct venue_view *view, struct point floor_m);
/* A Polygon geometry. */
void places_add_polygon(struct text *out, const struct venue_view *view, const struct zone *zone);
/* "name": "value" */
void places_add_text(struct text *out, const char *name, const char *value);

/* The state of this zone; NULL when the picture has none. `guess` is its index in the view. */
const struct crowd_zone_state *places_state_of(const struct crowd_picture *picture,
                                               const char *zone, size_t guess);
/* The zone of this id in the view; NULL. */
const struct zone *places_zone_of(const struct venue_view *view, const char *zone);
