// SPDX-License-Identifier: Apache-2.0
/* crowd/tracks/told.h — the telemetry stream "tracks": a record for every chunk of settled tracks that was
 * written, in the transaction that wrote it. Whoever follows the stream sees each chunk exactly once; what
 * is in it stands in the table (table.h), for hours. */
#pragma once
#include "store/stream.h"

#define TRACKS_STREAM      "tracks"
#define TRACKS_RECORD_KIND "tracks.chunk"

struct track_told {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int64_t from_ms; /* a multiple of TRACK_CHUNK_MS (log.h) */
};

MUST_USE enum err track_tell(struct db *db, const char *event, const char *venue, int64_t from_ms);
/* ERR_CORRUPT when the body is no such record. */
MUST_USE enum err track_told_read(const struct stream_record *record, struct track_told *out_told);
