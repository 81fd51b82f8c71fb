// SPDX-License-Identifier: Apache-2.0
/* Retention. One look at the ends of all shards tells which are due. Each slice then takes the oldest
 * records of one shard and removes those that are too old, or too many in bytes, up to what some
 * consumer has not read yet. How far removal went is noted with it, so that positions go on where a
 * shard has become empty, and consumers notice what they lost. */
#include "store/store_internal.h"

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

struct shard_view {
    bool is_empty;
    int64_t first_position;
    int64_t first_at_ms;
    int64_t bytes;        /* of all its bodies */
    int64_t needed_after; /* the lowest position that a consumer has reached */
};

/* A few rows by the primary key, however many records there are. */
#define ONE_SHARD(n)                                                                               \
    "SELECT " n ", position, at_ms, "                                                              \
    "(SELECT bytes_total FROM store_record WHERE stream = $1 AND shard = " n                       \
    " ORDER BY position DESC LIMIT 1) - bytes_total + LENGTH(body),"                               \
    " COALESCE((SELECT MIN(position) FROM store_hold WHERE stream = $1 AND shard = " n             \
    "), $2) FROM (SELECT position, at_ms, bytes_total, body FROM store_record"                     \
    " WHERE stream = $1 AND shard = " n " ORDER BY position LIMIT 1) first"
/* clang-format off */
static const char ALL_SHARDS[] =
    ONE_SHARD("0") " UNION ALL " ONE_SHARD("1") " UNION ALL "
    ONE_SHARD("2") " UNION ALL " ONE_SHARD("3");
/* clang-format on */
_Static_assert(STREAM_SHARDS == 4, "a line of ALL_SHARDS for each");

static enum err view_shards(struct db *db, const char *stream,
                            struct shard_view out_views[STREAM_SHARDS])
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, ALL_SHARDS, SQL_TEXT(stream), SQL_INT(INT64_MAX)));
    for (int i = 0; i < STREAM_SHARDS; i++)
        out_views[i] = (struct shard_view){.is_empty = true};
    while (sql_next(&rows))
        out_views[sql_int(&rows, 0)] = (struct shard_view){.first_position = sql_int(&rows, 1),
                                                           .first_at_ms = sql_int(&rows, 2),
                                                           .bytes = sql_int(&rows, 3),
                                                           .needed_after = sql_int(&rows, 4)};
    return sql_end(&rows);
}

/* By bytes the shard with the oldest record gives way; 0 where there is room. */
static int64_t excess_of(const struct shard_view views[STREAM_SHARDS], int shard, int64_t bytes_max)
{
    int64_t total = 0, oldest_ms = INT64_MAX;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        total += views[i].bytes;
        if (!views[i].is_empty)
            oldest_ms = MIN(oldest_ms, views[i].first_at_ms);
    }
    bool is_ours = bytes_max > 0 && total > bytes_max && views[shard].first_at_ms == oldest_ms;
    return is_ours ? total - bytes_max : 0;
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

/* Whether at least its first record goes; *out_excess by how many bytes the stream is too large. */
static bool is_due(const struct removal *r, const struct shard_view views[STREAM_SHARDS],
                   int64_t *out_excess)
{
    const struct shard_view *view = &views[r->shard];
    *out_excess = excess_of(views, r->shard, r->retention->bytes_max);
    return !view->is_empty &&
           may_remove(r, view->first_position, view->first_at_ms, *out_excess, view->needed_after);
}

static enum err choose(struct db *db, struct removal *r, int64_t *out_bytes_total)
{
    const char *stream = r->retention->stream;
    struct shard_view views[STREAM_SHARDS];
    int64_t excess;
    TRY(view_shards(db, stream, views));
    if (!is_due(r, views, &excess))
        return ERR_NONE;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT position, at_ms, bytes_total, LENGTH(body) FROM store_record"
                  " WHERE stream = $1 AND shard = $2 ORDER BY position LIMIT $3",
                  SQL_TEXT(stream), SQL_INT(r->shard), SQL_INT(LIMIT_REMOVAL_ROWS)));
    int64_t seen = 0;
    while (sql_next(&rows)) {
        if (!may_remove(r, sql_int(&rows, 0), sql_int(&rows, 1), excess,
                        views[r->shard].needed_after))
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

/* Looks without the writer, so that nothing to remove costs one query and no commit. */
static enum err look(struct store *store, const char *stream,
                     struct shard_view out_views[STREAM_SHARDS])
{
    struct db *db = store_reader_take(store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = view_shards(db, stream, out_views);
    store_reader_give(store, db);
    return err;
}

enum err retain_slice(struct store *store, const struct stream_retention *retention, int64_t now_ms,
                      bool *out_is_more, struct err_note *note)
{
    struct shard_view views[STREAM_SHARDS];
    bool is_more = false;
    int64_t ignored;
    TRY(look(store, retention->stream, views));
    for (int shard = 0; shard < STREAM_SHARDS; shard++) {
        struct removal removal = {.retention = retention, .now_ms = now_ms, .shard = shard};
        if (!is_due(&removal, views, &ignored))
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
