// SPDX-License-Identifier: Apache-2.0
/* trends/trends_internal.h — the consumer's state: what its parts share. */
#pragma once
#include "store/consumer.h"
#include "trends/table.h"
#include "trends/tracked.h"
#include "trends/trends.h"

struct trend_shard {
    bool is_loaded;
    int64_t mark;          /* what records up to it tell was told */
    int64_t last_position; /* of the records taken */
};

struct document_pair { /* of a venue, on its way */
    struct tracked *tracked;
    struct text forecast, occupancy;
};

struct trends {
    struct store *store, *main_store;
    struct venues *venues;
    const struct publisher *publisher;
    int64_t save_us;
    struct consumer *consumer;
    /* The consumer's thread only, or the writer's while that one waits. */
    struct trend_shard shards[STREAM_SHARDS];
    struct tracked **tracked; /* owned */
    size_t tracked_count, tracked_size;
    size_t zone_count, zones_max; /* of all */
    int64_t swept_us;
    struct zone_row rows[TRENDS_SAVES_MAX];
    struct tracked_zone *row_zones[TRENDS_SAVES_MAX];
    size_t row_count;
    struct document_pair *documents;
    size_t document_count;
};

/* consume.c */
MUST_USE enum err trends_consume(struct trends *trends, struct err_note *note);

/* hold.c: the venues in memory */
/* NULL when there is no such venue, or no room for it. */
MUST_USE enum err hold_current(struct trends *trends, const char *event, const char *venue,
                               int shard, struct tracked **out_tracked);
void hold_drop_shard(struct trends *trends, int shard); /* -1 = all */
/* Drops what is idle or removed; looks once a second, also while records come all the time. */
void hold_sweep(struct trends *trends, int64_t now_us);

/* write.c: what is written in one transaction */
MUST_USE enum err write_prepare(struct trends *trends, int shard);
bool write_has_any(const struct trends *trends, int shard);
MUST_USE enum err write_apply(struct trends *trends, struct db *db, int shard, int64_t now_ms);
void write_applied(struct trends *trends, int shard);
void write_clear(struct trends *trends);
/* The record before the first that a row not written now needs; INT64_MAX = none. */
int64_t write_needed_position(const struct trends *trends, int shard);
