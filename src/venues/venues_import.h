// SPDX-License-Identifier: Apache-2.0
/* venues/venues_import.h — a whole venue from a file: GeoJSON, WKT of a walkable area (JuPedSim), or an
 * IMDF archive (docs/formats/venue.md). All of it or nothing; a dry run is the same and undone. */
#pragma once
#include "base/json.h"
#include "store/store.h"

struct venues;

enum import_format { IMPORT_GEOJSON, IMPORT_WKT, IMPORT_IMDF };

struct venue_import { /* borrowed */
    const char *event, *venue;
    enum import_format format;
    const char *bytes;
    size_t len;
    const char
        *level; /* of an IMDF archive: id, ordinal or short name; NULL when it has only one */
    bool is_dry_run;
    /* In the same transaction, after all changes: the audit line. May be NULL; not in a dry run. */
    enum err (*also)(struct db *db, void *context, struct err_note *note);
    void *also_context;
};

/* *out_report says what was, or would be, made and replaced, and what was passed over and why; the
 * caller owns it. ERR_CONFLICT when the venue changed its coordinates meanwhile. */
MUST_USE enum err venues_import(struct venues *venues, const struct venue_import *import,
                                json_t **out_report, struct err_note *note);

/* The Polygons of a WKT text as GeoJSON coordinates, in their order: POLYGON, MULTIPOLYGON, and
 * GEOMETRYCOLLECTION of them; what else stands in a collection is counted in *out_passed_over.
 * ERR_MALFORMED with line and column. The caller owns *out_polygons. */
MUST_USE enum err wkt_read(const char *text, size_t len, json_t **out_polygons,
                           size_t *out_passed_over, struct err_note *note);
