// SPDX-License-Identifier: Apache-2.0
/* venues/shape.h — GeoJSON geometry to metres on the floor, checked. Pure. Places in notes are
 * relative to the geometry: the caller puts the member's name before them. */
#pragma once
#include "venues/document.h"

MUST_USE enum err shape_reals(json_t *array, size_t min, size_t max, double *out,
                              struct err_note *note);
/* Puts `place` before the note's when there is an error, and passes it on. */
MUST_USE enum err shape_within(enum err err, const char *place, struct err_note *note);
const char *shape_text(json_t *object, const char *name); /* "" when absent */

/* Rings open, without repeated corners, simple, inside `extent` (NULL: anywhere): the outer one
 * counter-clockwise, then holes, which lie inside it, clockwise. *out_rings is an array of *out_count <=
 * `rings_max` that the caller owns: shape_rings_free(). */
MUST_USE enum err shape_polygon_read(json_t *polygon, size_t rings_max,
                                     const struct projection *projection,
                                     const struct venue_extent *extent,
                                     struct floor_ring **out_rings, size_t *out_count,
                                     struct err_note *note);
void shape_rings_free(struct floor_ring *rings, size_t count);

/* A LineString of two or more points, repeated ones once; *out_points is the caller's (mem_free). */
MUST_USE enum err shape_line_read(json_t *line, const struct projection *projection,
                                  const struct venue_extent *extent, struct point **out_points,
                                  size_t *out_count, struct err_note *note);
