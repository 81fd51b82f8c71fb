// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracks/told.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>

#define BODY_SIZE 256 /* two ids, a time, and what is around them */

enum err track_tell(struct db *db, const char *event, const char *venue, int64_t from_ms)
{
    char from[CLOCK_TEXT_SIZE], key[2 * LIMIT_ID_LEN + 2], body[BODY_SIZE];
    clock_format(from_ms, from);
    (void)snprintf(key, sizeof key, "%s/%s", event, venue);
    int len = snprintf(body, sizeof body, "{\"event\":\"%s\",\"venue\":\"%s\",\"from\":\"%s\"}",
                       event, venue, from);
    assert(len > 0 && (size_t)len < sizeof body);
    return stream_append(db,
                         &(struct stream_append){.stream = TRACKS_STREAM,
                                                 .key = key,
                                                 .kind = TRACKS_RECORD_KIND,
                                                 .body = body,
                                                 .body_len = (size_t)len},
                         NULL);
}

static const struct json_field told_fields[] = {
    {.name = "event",
     .kind = JSON_FIELD_ID,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct track_told, event)},
    {.name = "venue",
     .kind = JSON_FIELD_ID,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct track_told, venue)},
    {.name = "from",
     .kind = JSON_FIELD_TIME,
     .need = JSON_REQUIRED,
     JSON_AT(struct track_told, from_ms)},
};

enum err track_told_read(const struct stream_record *record, struct track_told *out_told)
{
    struct track_told told;
    SCOPED_JSON *document = NULL;
    if (json_parse(record->body, record->body_len, &document, NULL) != ERR_NONE ||
        json_read(document, told_fields, COUNT_OF(told_fields), &told, NULL) != ERR_NONE)
        return ERR_CORRUPT;
    *out_told = told;
    return ERR_NONE;
}
