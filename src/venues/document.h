// SPDX-License-Identifier: Apache-2.0
/* venues/document.h — the documents that people write (docs/formats/venue.md), read and checked.
 * Pure: no database, no clock. Their GeoJSON positions become metres here and nowhere else. */
#pragma once
#include "base/json.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

enum venue_crs { VENUE_CRS_LOCAL, VENUE_CRS_WGS84 };

struct projection {
    int crs; /* enum venue_crs */
    double longitude, latitude;
};

struct venue_extent { /* of a plan, in metres */
    bool is_known;
    struct point low, high;
};

struct venue_document {
    char id[LIMIT_ID_LEN + 1]; /* as written by a POST; "" otherwise */
    char name[LIMIT_NAME_LEN + 1];
    struct projection projection;
    struct venue_extent extent;
    json_t *origin, *plan, *picture_bounds; /* borrowed */
};

/* A GeoJSON position to metres; ERR_INVALID for NaN, a wrong count, or off the earth or the venue.
 */
MUST_USE enum err geo_position_read(json_t *position, const struct projection *projection,
                                    struct point *out_m, struct err_note *note);

MUST_USE enum err venue_document_read(json_t *document, struct venue_document *out_venue,
                                      struct err_note *note);

/* The ring of *out_zone is owned by the caller (mem_free). `extent` may be NULL: not checked. */
MUST_USE enum err zone_document_read(json_t *document, const struct projection *projection,
                                     const struct venue_extent *extent, struct zone *out_zone,
                                     struct err_note *note);

/* The zones stay names in the document: *out_left and *out_right are borrowed from it, NULL when absent.
 * The points of *out_line are the caller's (mem_free). */
MUST_USE enum err line_document_read(json_t *document, const struct projection *projection,
                                     const struct venue_extent *extent, struct venue_line *out_line,
                                     const char **out_left, const char **out_right,
                                     struct err_note *note);

/* The rings of *out_wall are the caller's: shape_rings_free(). */
MUST_USE enum err wall_document_read(json_t *document, const struct projection *projection,
                                     const struct venue_extent *extent, struct venue_wall *out_wall,
                                     struct err_note *note);

/* Zones stay names in the document: *out_sees is borrowed from it, NULL when absent; `counts_into` and
 * `counts_from` are LINE_NO_ZONE. */
MUST_USE enum err device_document_read(json_t *document, const struct projection *projection,
                                       struct device *out_device, json_t **out_sees,
                                       struct err_note *note);
