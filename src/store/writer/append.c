// SPDX-License-Identifier: Apache-2.0
/* The records of the running transaction. They get their positions at once and wait in memory; just
 * before the commit they go down together (SQLite: one prepared INSERT; PostgreSQL: one binary
 * COPY). A command that fails takes its records along: they are the last in the list. */
#include "base/clock.h"
#include "base/text.h"
#include "store/sql/pg_binary.h"
#include "store/store_internal.h"
#include "store/streams/record.h"

#include <stdio.h>

#include <libpq-fe.h>

struct stream_end *append_end(struct writer *writer, const char *stream)
{
    for (size_t i = 0; i < writer->stream_count; i++) {
        if (strcmp(writer->streams[i].stream, stream) == 0)
            return &writer->streams[i];
    }
    if (writer->stream_count == STREAMS_MAX)
        return NULL;
    struct stream_end *end = &writer->streams[writer->stream_count++];
    *end = (struct stream_end){.stream = stream_intern(stream)};
    return end;
}

void append_forget(struct writer *writer)
{
    for (size_t i = 0; i < writer->stream_count; i++)
        memset(writer->streams[i].shards, 0, sizeof writer->streams[i].shards);
}

/* Where retention has removed everything, what it noted tells where the shard ends. */
static enum err load_removed(struct db *db, const char *stream, int shard, struct shard_end *out)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT removed_to, removed_bytes FROM store_shard"
                  " WHERE stream = $1 AND shard = $2",
                  SQL_TEXT(stream), SQL_INT(shard)));
    if (sql_next(&rows)) {
        out->position = sql_int(&rows, 0);
        out->bytes_total = sql_int(&rows, 1);
    }
    return sql_end(&rows);
}

enum err shard_end_load(struct db *db, const char *stream, int shard, struct shard_end *out_end)
{
    struct shard_end end = {.is_known = true};
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT position, bytes_total, at_ms FROM store_record"
                  " WHERE stream = $1 AND shard = $2 ORDER BY position DESC LIMIT 1",
                  SQL_TEXT(stream), SQL_INT(shard)));
    bool is_empty = !sql_next(&rows);
    if (!is_empty) {
        end.position = sql_int(&rows, 0);
        end.bytes_total = sql_int(&rows, 1);
        end.at_ms = sql_int(&rows, 2);
    }
    TRY(sql_end(&rows));
    if (is_empty)
        TRY(load_removed(db, stream, shard, &end));
    *out_end = end;
    return ERR_NONE;
}

enum err append_pend(struct writer *writer, struct stream_record *record)
{
    struct stream_end *stream = append_end(writer, record->stream);
    if (stream == NULL)
        return ERR_TOO_LARGE;
    struct shard_end *end = &stream->shards[record->shard];
    if (!end->is_known)
        TRY(shard_end_load(writer->db, record->stream, record->shard, end));
    end->position++;
    end->bytes_total += (int64_t)record->body_len;
    end->at_ms = MAX(end->at_ms, writer->running_ms); /* another process may be ahead */
    record->position = end->position;
    record->at_ms = end->at_ms;
    stored_record_of(record)->bytes_total = end->bytes_total;
    if (writer->pending_len == writer->pending_size) {
        writer->pending_size = MAX(64, 2 * writer->pending_size);
        writer->pending =
            mem_resize(writer->pending, writer->pending_size * sizeof(struct stream_record *));
    }
    shared_ref(&record->shared);
    writer->pending[writer->pending_len++] = record;
    return ERR_NONE;
}

void append_undo(struct writer *writer, size_t pending_len)
{
    while (writer->pending_len > pending_len) {
        struct stream_record *record = writer->pending[--writer->pending_len];
        struct stream_end *stream = append_end(writer, record->stream);
        struct shard_end *end = &stream->shards[record->shard];
        end->position = record->position - 1;
        end->bytes_total -= (int64_t)record->body_len;
        shared_unref(&record->shared);
    }
}

static enum err flush_sqlite(struct writer *writer)
{
    for (size_t i = 0; i < writer->pending_len; i++) {
        const struct stream_record *r = writer->pending[i];
        TRY(sql_run(writer->db,
                    "INSERT INTO store_record"
                    " (stream, shard, position, at_ms, bytes_total, key, kind, body)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    SQL_TEXT(r->stream), SQL_INT(r->shard), SQL_INT(r->position), SQL_INT(r->at_ms),
                    SQL_INT(stored_record_of(r)->bytes_total), SQL_TEXT(r->key), SQL_TEXT(r->kind),
                    SQL_BLOB(r->body, r->body_len)));
    }
    return ERR_NONE;
}

static void put_number(struct text *out, uint64_t number, size_t size)
{
    unsigned char bytes[8];
    (void)pg_put_int64(bytes, (int64_t)number);
    text_add_bytes(out, bytes + 8 - size, size);
}

static void put_text(struct text *out, const char *string)
{
    put_number(out, strlen(string), 4);
    text_add(out, string);
}

static void put_int(struct text *out, int64_t number)
{
    put_number(out, 8, 4);
    put_number(out, (uint64_t)number, 8);
}

/* All of a row but the bytes of its body, in COPY's binary form. */
static void put_row(struct text *out, const struct stream_record *record)
{
    put_number(out, 8, 2);
    put_text(out, record->stream);
    put_int(out, record->shard);
    put_int(out, record->position);
    put_int(out, record->at_ms);
    put_int(out, stored_record_of(record)->bytes_total);
    put_text(out, record->key);
    put_text(out, record->kind);
    put_number(out, record->body_len, 4);
}

#define COPY_HEAD    "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define ROW_HEAD_MAX 2048

static bool copy_rows(struct writer *writer)
{
    PGconn *handle = writer->db->handle;
    SCOPED_TEXT row;
    text_init(&row, ROW_HEAD_MAX);
    bool is_good = PQputCopyData(handle, COPY_HEAD, 19) == 1;
    for (size_t i = 0; i < writer->pending_len && is_good; i++) {
        const struct stream_record *record = writer->pending[i];
        text_clear(&row);
        put_row(&row, record);
        assert(!row.overflowed);
        is_good = PQputCopyData(handle, row.bytes, (int)row.len) == 1 &&
                  PQputCopyData(handle, record->body, (int)record->body_len) == 1;
    }
    return is_good && PQputCopyData(handle, "\377\377", 2) == 1 && PQputCopyEnd(handle, NULL) == 1;
}

static enum err flush_postgres(struct writer *writer)
{
    PGconn *handle = writer->db->handle;
    PGresult *result = PQexec(handle, "COPY store_record (stream, shard, position, at_ms,"
                                      " bytes_total, key, kind, body) FROM STDIN (FORMAT binary)");
    enum err err = ERR_NONE;
    if (PQresultStatus(result) == PGRES_COPY_IN && copy_rows(writer)) {
        PQclear(result);
        result = PQgetResult(handle);
    }
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        err = postgres_failure(writer->db, result);
    PQclear(result);
    while (err == ERR_NONE && (result = PQgetResult(handle)) != NULL)
        PQclear(result); /* the end of the command */
    return err;
}

enum err append_flush(struct writer *writer)
{
    if (writer->pending_len == 0)
        return ERR_NONE;
    sql_unit_begin(writer->db);
    return db_is_sqlite(writer->db) ? flush_sqlite(writer) : flush_postgres(writer);
}
