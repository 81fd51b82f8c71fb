// SPDX-License-Identifier: Apache-2.0
/* venues/venues_edit.h — changes to venues and what stands in them, and their full documents
 * (docs/formats/venue.md); for the API and for whatever sets up a whole event. */
#pragma once
#include "base/json.h"
#include "store/store.h"

struct venues;

enum venue_part {
    VENUE_PART_VENUE,
    VENUE_PART_ZONE,
    VENUE_PART_DEVICE,
    VENUE_PART_PICTURE,
    VENUE_PART_LINE,
    VENUE_PART_WALL
};
enum venue_action {
    VENUE_CREATE, /* ERR_CONFLICT when it exists */
    VENUE_PUT,
    VENUE_REMOVE, /* ERR_NOT_FOUND when it does not; of a venue: all that stands in it too */
};

struct venue_edit { /* all borrowed */
    enum venue_part part;
    enum venue_action action;
    const char *event;
    const char *venue;
    const char *id;   /* of the zone, line, wall or device */
    json_t *document; /* of all but a picture */
    const char *picture_type;
    const void *picture;
    size_t picture_len;
    /* In the same transaction, after the change: the audit line. May be NULL. */
    enum err (*also)(struct db *db, void *context, const struct venue_edit *edit,
                     struct err_note *note);
    void *also_context;
    bool out_is_new;
};

/* The documents' tables, for OpenAPI. */
#define VENUE_FIELD_COUNT  6
#define ZONE_FIELD_COUNT   8
#define DEVICE_FIELD_COUNT 11
#define LINE_FIELD_COUNT   6
#define WALL_FIELD_COUNT   4
extern const struct json_field venue_fields[VENUE_FIELD_COUNT];
extern const struct json_field zone_fields[ZONE_FIELD_COUNT];
extern const struct json_field device_fields[DEVICE_FIELD_COUNT];
extern const struct json_field line_fields[LINE_FIELD_COUNT];
extern const struct json_field wall_fields[WALL_FIELD_COUNT];

/* A command's run (context: struct venue_edit): tables and the record in stream "venues". Several
 * may share one transaction; afterwards call venues_refresh(). */
MUST_USE enum err venue_edit_run(struct db *db, void *edit, struct err_note *note);
/* Takes the newest state of this venue into the view, and tells the other processes. What cannot be
 * read now is logged, and read again soon. */
void venues_refresh(struct venues *venues, const char *event, const char *venue);
/* As venues_refresh(), of every venue, telling nobody: when announcements may have been missed. The
 * store has it called after it was disconnected. */
MUST_USE enum err venues_refresh_all(struct venues *venues);
/* Both; waits for the commit. */
MUST_USE enum err venues_edit(struct venues *venues, struct venue_edit *edit,
                              struct err_note *note);

/* The full document of a venue, or of the part `id` in it; the caller owns it.
 * ERR_NOT_FOUND. The first in a reader or a command. */
MUST_USE enum err venue_describe(struct db *db, enum venue_part part, const char *event,
                                 const char *venue, const char *id, json_t **out_document);
MUST_USE enum err venues_describe(struct venues *venues, enum venue_part part, const char *event,
                                  const char *venue, const char *id, json_t **out_document);
/* ERR_NONE when the event has such a venue, zone or device, whatever its venue; ERR_NOT_FOUND. In a
 * reader or a command. */
MUST_USE enum err venue_part_exists(struct db *db, enum venue_part part, const char *event,
                                    const char *id);
/* Venues of an event (`venue` NULL) or parts of a venue, in the order of ids after `after` ("" =
 * from the first). *out_items is an array that the caller owns; out_next the next page's `after`,
 * or "". */
MUST_USE enum err venues_list(struct venues *venues, enum venue_part part, const char *event,
                              const char *venue, const char *after, size_t limit,
                              json_t **out_items, char out_next[LIMIT_ID_LEN + 1]);
/* *out_bytes is the caller's (mem_free). */
MUST_USE enum err venues_picture(struct venues *venues, const char *event, const char *venue,
                                 char **out_bytes, size_t *out_len, char out_type[32]);
