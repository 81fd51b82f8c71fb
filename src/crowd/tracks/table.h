// SPDX-License-Identifier: Apache-2.0
/* crowd/tracks/table.h — where people were, chunk by chunk, in the telemetry store, for as long as it is
 * kept. The first chunk written of a venue and time stays: after a restart the last seconds are followed
 * once more, and tell nothing new. */
#pragma once
#include "crowd/crowd.h"
#include "crowd/tracks/told.h"

struct track_row {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int64_t from_ms;
    void *bytes; /* owned: a packed batch, see log.h */
    size_t len;
};

extern const char tracks_table_sql[]; /* a migration of the crowd's */

/* Of a chunk that was not there before, told.h tells in the same transaction. */
MUST_USE enum err track_row_write(struct db *db, const struct track_row *row);
/* The chunk's batch; the caller unrefs it. ERR_NOT_FOUND when it is not kept any more. */
MUST_USE enum err track_row_read(struct db *db, const struct track_told *told,
                                 struct detection_batch **out_batch);
void tracks_expire(struct store *store, int64_t keep_ms); /* 0 = for ever */
MUST_USE enum err tracks_read(struct db *db, const struct crowd_tracks_query *query,
                              struct detection_batch **out_batch, int64_t *out_next_ms);
