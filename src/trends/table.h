// SPDX-License-Identifier: Apache-2.0
/* trends/table.h — the module's tables in the telemetry store. */
#pragma once
#include "base/text.h"
#include "trends/tracked.h"

/* Into the zones of the view that the venue follows; what cannot be read begins anew, and is logged. */
MUST_USE enum err table_load_zones(struct db *db, struct tracked *tracked, int64_t now_us);
MUST_USE enum err table_load_mark(struct db *db, int shard, int64_t *out_position);
MUST_USE enum err table_read_document(struct db *db, const char *event, const char *venue,
                                      int document, struct text *out);

struct zone_row {              /* of a zone that is being written */
    const char *event, *venue; /* borrowed from the venue */
    char zone[LIMIT_ID_LEN + 1];
    int64_t position;
    void *bytes; /* owned */
    size_t len;
};
MUST_USE enum err table_write_zone(struct db *db, const struct zone_row *row, int64_t now_ms);
MUST_USE enum err table_write_mark(struct db *db, int shard, int64_t position);
MUST_USE enum err table_write_documents(struct db *db, const struct tracked *tracked,
                                        const struct text *forecast, const struct text *occupancy,
                                        int64_t now_ms);
/* What nobody hears any more is let go of. */
void table_expire(struct store *store);
