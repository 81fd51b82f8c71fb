// SPDX-License-Identifier: Apache-2.0
/* Retention. Each slice looks at the oldest records of one shard and removes those that are too
 * old, or too many in bytes, up to what some consumer has not read yet. How far removal went is
 * noted with it, so that positions go on where a shard has become empty, and consumers notice what
 * they lost. */
#include "store/store_internal.h"
#include "store/streams/record.h"

#define DAY_MS INT64_C(86400000)

struct removal {
    const struct stream_retention *retention;
    int64_t now_ms;
    int shard;
    int64_t removed_to; /* 0 = nothing */
    int64_t removed_bytes;
    int64_t removed_count;
    bool is_more;
};

/* The lowest position that a consumer still needs after; INT64_MAX without consumers. */
static enum err needed_after(struct db *db, const char *stream, int shard, int64_t *out_position)
{
    struct sql_rows rows;
    int64_t position = INT64_MAX;
    TRY(sql_query(db, &rows, "SELECT position FROM store_hold WHERE stream = $1 AND shard = $2",
                  SQL_TEXT(stream), SQL_INT(shard)));
    while (sql_next(&rows))
        position = MIN(position, sql_int(&rows, 0));
    TRY(sql_end(&rows));
    *out_position = position;
    return ERR_NONE;
}

/* Bytes from the first record to the end of this shard, and the first one's age. */
static enum err shard_bytes(struct db *db, const char *stream, int shard, int64_t *out_bytes,
                            int64_t *out_first_at_ms)
{
    struct shard_end end;
    TRY(shard_end_load(db, stream, shard, &end));
    int64_t before = end.bytes_total;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT bytes_total - LENGTH(body), at_ms FROM store_record"
                  " WHERE stream = $1 AND shard = $2 ORDER BY position LIMIT 1",
                  SQL_TEXT(stream), SQL_INT(shard)));
    if (sql_next(&rows)) {
        before = sql_int(&rows, 0);
        *out_first_at_ms = sql_int(&rows, 1);
    }
    *out_bytes = end.bytes_total - before;
    return sql_end(&rows);
}

/* By bytes the shard with the oldest record gives way; *out_excess is 0 where there is room. */
static enum err find_excess(struct db *db, const struct stream_retention *retention, int shard,
                            int64_t *out_excess)
{
    int64_t total = 0, oldest_ms = INT64_MAX, own_first_ms = INT64_MAX;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        int64_t bytes = 0, first_ms = INT64_MAX;
        TRY(shard_bytes(db, retention->stream, i, &bytes, &first_ms));
        total += bytes;
        oldest_ms = MIN(oldest_ms, first_ms);
        if (i == shard)
            own_first_ms = first_ms;
    }
    bool is_ours = total > retention->bytes_max && own_first_ms == oldest_ms;
    *out_excess = is_ours ? total - retention->bytes_max : 0;
    return ERR_NONE;
}

static bool is_too_old(int64_t at_ms, int64_t age_max_ms, int64_t now_ms)
{
    return age_max_ms > 0 && at_ms < now_ms - age_max_ms;
}

static bool may_remove(const struct removal *r, int64_t position, int64_t at_ms, int64_t excess,
                       int64_t needed)
{
    const struct stream_retention *retention = r->retention;
    int64_t hold_ms = retention->hold_ms > 0 ? retention->hold_ms : MAX(retention->age_max_ms, 0);
    if (hold_ms == 0)
        hold_ms = DAY_MS;
    if (!is_too_old(at_ms, retention->age_max_ms, r->now_ms) && r->removed_bytes >= excess)
        return false;
    return position <= needed || is_too_old(at_ms, retention->age_max_ms + hold_ms, r->now_ms);
}

static enum err choose(struct db *db, struct removal *r, int64_t *out_bytes_total)
{
    const char *stream = r->retention->stream;
    int64_t needed, excess = 0;
    TRY(needed_after(db, stream, r->shard, &needed));
    if (r->retention->bytes_max > 0)
        TRY(find_excess(db, r->retention, r->shard, &excess));
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT position, at_ms, bytes_total, LENGTH(body) FROM store_record"
                  " WHERE stream = $1 AND shard = $2 ORDER BY position LIMIT $3",
                  SQL_TEXT(stream), SQL_INT(r->shard), SQL_INT(LIMIT_REMOVAL_ROWS)));
    int64_t seen = 0;
    while (sql_next(&rows)) {
        if (!may_remove(r, sql_int(&rows, 0), sql_int(&rows, 1), excess, needed))
            break;
        r->removed_to = sql_int(&rows, 0);
        r->removed_bytes += sql_int(&rows, 3);
        *out_bytes_total = sql_int(&rows, 2);
        seen++;
    }
    r->is_more = seen == LIMIT_REMOVAL_ROWS;
    return sql_end(&rows);
}

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct removal *r = context;
    int64_t bytes_total = 0;
    TRY(choose(db, r, &bytes_total));
    if (r->removed_to == 0)
        return ERR_NONE;
    TRY(sql_run_counted(db, &r->removed_count,
                        "DELETE FROM store_record"
                        " WHERE stream = $1 AND shard = $2 AND position <= $3",
                        SQL_TEXT(r->retention->stream), SQL_INT(r->shard), SQL_INT(r->removed_to)));
    return sql_run(db,
                   "INSERT INTO store_shard (stream, shard, removed_to, removed_bytes)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (stream, shard) DO UPDATE SET"
                   " removed_to = excluded.removed_to, removed_bytes = excluded.removed_bytes",
                   SQL_TEXT(r->retention->stream), SQL_INT(r->shard), SQL_INT(r->removed_to),
                   SQL_INT(bytes_total));
}

/* Looks without the writer, so that nothing to remove costs no commit. */
static enum err is_due(struct store *store, struct removal removal, bool *out_is_due)
{
    struct db *db = store_reader_take(store);
    if (db == NULL)
        return ERR_BUSY;
    int64_t ignored = 0;
    enum err err = choose(db, &removal, &ignored);
    store_reader_give(store, db);
    *out_is_due = removal.removed_to > 0;
    return err;
}

enum err retain_slice(struct store *store, const struct stream_retention *retention, int64_t now_ms,
                      bool *out_is_more, struct err_note *note)
{
    bool is_more = false;
    for (int shard = 0; shard < STREAM_SHARDS; shard++) {
        struct removal removal = {.retention = retention, .now_ms = now_ms, .shard = shard};
        bool is_needed = false;
        TRY(is_due(store, removal, &is_needed));
        if (!is_needed)
            continue;
        TRY(store_write(store, remove_run, &removal, note));
        metric_add(&store->metrics->retained, removal.removed_count);
        is_more = is_more || removal.is_more;
    }
    *out_is_more = is_more;
    return ERR_NONE;
}

enum err stream_retain(struct store *store, const struct stream_retention *retention,
                       int64_t now_ms, struct err_note *note)
{
    bool ignored;
    return retain_slice(store, retention, now_ms, &ignored, note);
}
