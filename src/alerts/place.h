// SPDX-License-Identifier: Apache-2.0
/* alerts/place.h — what a series tells of: "zone.stage-a:density" of the zone stage-a,
 * "line.gate-2:flow_to_left" of the line gate-2,
 * "venue.park:people" of the venue park, "lift-3:temperature" and "device.lift-3:silence" of the device
 * lift-3. What is none of these tells of nothing that could be removed. */
#pragma once
#include "venues/venues.h"
#include "venues/venues_edit.h"

/* VENUE_PART_ZONE, _LINE, _VENUE or _DEVICE; VENUE_PART_PICTURE for anything else. */
enum venue_part place_of_series(const char *series, char out_id[LIMIT_ID_LEN + 1]);

/* By the views, for every reading: false when the venue where it was heard has no such place (any
 * more). `venues` NULL: true. */
bool place_stands(struct venues *venues, const char *event, const char *venue, const char *series);
/* By the tables: ERR_NONE or ERR_NOT_FOUND. In a reader or a command. */
MUST_USE enum err place_exists(struct db *db, const char *event, const char *series);
