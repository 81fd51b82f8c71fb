// SPDX-License-Identifier: Apache-2.0
#include "store/stream.h"

#include "store/store_internal.h"
#include "store/streams/record.h"

enum err stream_append(struct db *db, const struct stream_append *append, int64_t *out_position)
{
    struct writer *writer = &db->store->writer;
    assert(writer->db == db); /* only within a command */
    struct stream_record *record = stream_record_create(append);
    if (record == NULL)
        return append->body_len > LIMIT_RECORD_BYTES ? ERR_TOO_LARGE : ERR_INVALID;
    enum err err = append_pend(writer, record);
    if (err == ERR_NONE && out_position != NULL)
        *out_position = record->position;
    shared_unref(&record->shared);
    return err;
}

enum err stream_submit(struct store *store, struct stream_record *record,
                       void (*appended)(void *context, enum err result,
                                        const struct stream_record *record),
                       void *context)
{
    struct job job = {.record = record,
                      .appended = appended,
                      .command.context = context,
                      .cost_bytes = sizeof(struct stored_record) + record->body_len};
    return writer_push(&store->writer, &job);
}

static struct stream_record *record_of_row(const struct sql_rows *rows, const char *stream,
                                           int shard)
{
    size_t body_len;
    const void *body = sql_blob(rows, 5, &body_len);
    struct stream_append append = {.stream = stream,
                                   .key = sql_text(rows, 3),
                                   .kind = sql_text(rows, 4),
                                   .body = body,
                                   .body_len = body_len};
    struct stream_record *record = stream_record_create(&append);
    if (record == NULL)
        return NULL;
    record->shard = shard;
    record->position = sql_int(rows, 0);
    record->at_ms = sql_int(rows, 1);
    stored_record_of(record)->bytes_total = sql_int(rows, 2);
    return record;
}

struct reading_on {
    size_t count_left;
    enum err (*visit)(void *context, struct stream_record *record);
    void *context;
};

static enum err read_table(struct db *db, const char *stream, int shard, int64_t after_position,
                           struct reading_on *on)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT position, at_ms, bytes_total, key, kind, body FROM store_record"
                  " WHERE stream = $1 AND shard = $2 AND position > $3 ORDER BY position LIMIT $4",
                  SQL_TEXT(stream), SQL_INT(shard), SQL_INT(after_position),
                  SQL_INT((int64_t)MIN(on->count_left, (size_t)INT64_MAX))));
    enum err err = ERR_NONE;
    while (err == ERR_NONE && sql_next(&rows)) {
        struct stream_record *record = record_of_row(&rows, stream, shard);
        err = record == NULL ? ERR_CORRUPT : on->visit(on->context, record);
        if (record != NULL)
            shared_unref(&record->shared);
        on->count_left--;
    }
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

/* Within a command: what this transaction has appended is not in the table yet. */
static enum err read_pending(struct writer *writer, const char *stream, int shard,
                             int64_t after_position, struct reading_on *on)
{
    for (size_t i = 0; i < writer->pending_len && on->count_left > 0; i++) {
        struct stream_record *record = writer->pending[i];
        if (record->shard != shard || record->position <= after_position ||
            strcmp(record->stream, stream) != 0)
            continue;
        TRY(on->visit(on->context, record));
        on->count_left--;
    }
    return ERR_NONE;
}

static bool is_writing(const struct db *db)
{
    return db->store != NULL && db->store->writer.db == db;
}

enum err stream_read(struct db *db, const char *stream, int shard, int64_t after_position,
                     size_t count_max,
                     enum err (*visit)(void *context, struct stream_record *record), void *context)
{
    struct reading_on on = {.count_left = count_max, .visit = visit, .context = context};
    if (count_max == 0)
        return ERR_NONE;
    TRY(read_table(db, stream_intern(stream), shard, after_position, &on));
    if (!is_writing(db))
        return ERR_NONE;
    return read_pending(&db->store->writer, stream, shard, after_position, &on);
}

enum err stream_last(struct db *db, const char *stream, int shard, int64_t *out_position)
{
    struct shard_end end = {0};
    struct stream_end *known = is_writing(db) ? append_end(&db->store->writer, stream) : NULL;
    if (known != NULL && known->shards[shard].is_known) {
        *out_position = known->shards[shard].position;
        return ERR_NONE;
    }
    TRY(shard_end_load(db, stream, shard, &end));
    *out_position = end.position;
    return ERR_NONE;
}
