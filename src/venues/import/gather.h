// SPDX-License-Identifier: Apache-2.0
/* venues/import/gather.h — what a file holds, before it is written: parts with their ids, features for
 * the plan, and what was passed over. */
#pragma once
#include "venues/document.h"
#include "venues/venues_import.h"

struct gathered {
    json_t *plan;        /* features; empty: the venue keeps its plan */
    json_t *parts;       /* {"part", "id", "place", "document"} */
    json_t *passed_over; /* {"place", "why"} */
    json_t *levels;      /* of an archive; {"id", "name", "ordinal"} */
    json_t *ids;         /* "part/id": taken in this file */
    size_t corners;      /* of all parts */
};

void gathered_init(struct gathered *gathered);
void gathered_fini(struct gathered *gathered);

/* Takes `document`. `wish` is what the id should be made of, NULL: the document's name, or the part's
 * word. An id that `wish` gives exactly must be free (ERR_INVALID); others get a number. */
MUST_USE enum err gathered_add(struct gathered *gathered, enum venue_part part, const char *wish,
                               json_t *document, const char *place, struct err_note *note);
void gathered_pass_over(struct gathered *gathered, const char *place, const char *why);
/* `geometry` is borrowed. */
void gathered_draw(struct gathered *gathered, const char *kind, const char *name, json_t *geometry);

MUST_USE enum err geojson_gather(const struct venue_import *import, struct gathered *gathered,
                                 struct err_note *note);
MUST_USE enum err wkt_gather(const struct venue_import *import, bool has_plan,
                             struct gathered *gathered, struct err_note *note);
MUST_USE enum err imdf_gather(const struct venue_import *import,
                              const struct projection *projection, struct gathered *gathered,
                              struct err_note *note);

/* The .geojson and .json files of a zip archive as one object by their names without folders, other
 * names passed over. Sizes, counts and ratios are bounded. The caller owns *out_files. */
MUST_USE enum err archive_read_json(const char *bytes, size_t len, struct gathered *gathered,
                                    json_t **out_files, struct err_note *note);
