// SPDX-License-Identifier: Apache-2.0
/* venues/view.h — building the immutable view of one venue from its rows, and finding devices in
 * all of them. */
#pragma once
#include "venues/document.h"

/* ERR_NOT_FOUND when there is no such venue. The caller owns the reference. */
MUST_USE enum err view_load(struct db *db, const char *event, const char *venue,
                            struct venue_view **out_view);

/* Reads the columns of table venue that a zone or device needs to be understood. */
MUST_USE enum err view_load_ground(struct db *db, const char *event, const char *venue,
                                   struct venue_document *out_ground, int64_t *out_version);

/* Views by "event/venue" and devices by "event/device", in one open-addressed table; immutable. */
struct view_index;
struct view_index *view_index_create(struct venue_view *const *views, size_t count);
void view_index_destroy(struct view_index *index); /* NULL is fine; the views are not touched */
struct venue_view *view_index_venue(const struct view_index *index, const char *event,
                                    const char *venue);
struct venue_view *view_index_device(const struct view_index *index, const char *event,
                                     const char *device, const struct device **out_device);
