// SPDX-License-Identifier: Apache-2.0
/* The beginning and the end of a writer's transaction.
 *
 * SQLite has one writer because the file is locked for this process. On PostgreSQL the writers of
 * all processes take turns by one advisory lock per store, from BEGIN to COMMIT: commands are
 * written for one writer (read, decide, write), positions are dense, and nobody can deadlock. A
 * sequence tells whether another process had a turn since our last; if not, what we remember of
 * streams still holds.
 *
 * A COMMIT whose answer is lost may or may not have happened. Every transaction therefore writes a
 * number of its own into this writer's row of store_marker. After reconnecting, the old backend is
 * ended, the turn is taken (so nothing of the old transaction can still be on its way), and the row
 * tells. A transaction id could not: after a crash the server may give the same one to somebody
 * else. */
#include "base/clock.h"
#include "base/log.h"
#include "store/store_internal.h"

#include <stdio.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#define TURN_LOCK "pg_advisory_xact_lock(7240817, %d)"

static enum err take_turn(struct writer *writer)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT " TURN_LOCK ", nextval('store_turn')",
                   (int)(sql_hash(writer->store->name) & INT32_MAX));
    struct sql_rows rows;
    TRY(sql_query(writer->db, &rows, sql));
    int64_t turn = sql_next(&rows) ? sql_int(&rows, 1) : 0;
    TRY(sql_end(&rows));
    if (turn != writer->turn + 1)
        append_forget(writer);
    writer->turn = turn;
    return ERR_NONE;
}

enum err turn_begin(struct writer *writer)
{
    sql_unit_begin(writer->db);
    if (db_is_sqlite(writer->db))
        return sql_run(writer->db, "BEGIN IMMEDIATE");
    TRY(sql_script(writer->db, "BEGIN"));
    return take_turn(writer);
}

void turn_rollback(struct writer *writer)
{
    struct db *db = writer->db;
    sql_unit_begin(db);
    if (db->harm == SQL_HARM_CONNECTION)
        return;
    db->harm = SQL_HARM_NONE;
    if (db_is_sqlite(db) && sqlite3_get_autocommit(db->handle) != 0)
        return;                       /* SQLite has rolled back by itself: a full disk does that */
    (void)sql_script(db, "ROLLBACK"); /* when it fails the connection is lost, which `harm` tells */
    sql_unit_begin(db);
}

static enum err commit_postgres(struct writer *writer)
{
    SCOPED_TEXT sql;
    text_init(&sql, 256 * STREAMS_MAX * STREAM_SHARDS);
    writer->serial++;
    text_addf(&sql,
              "INSERT INTO store_marker (writer, serial, at_ms) VALUES (%lld, %lld, %lld)"
              " ON CONFLICT (writer) DO UPDATE SET serial = excluded.serial,"
              " at_ms = excluded.at_ms; ",
              (long long)writer->writer_id, (long long)writer->serial, (long long)clock_now_ms());
    listener_notify_sql(writer, &sql);
    text_add(&sql, "COMMIT");
    assert(!sql.overflowed);
    PGconn *handle = writer->db->handle;
    PGresult *result = PQexec(handle, sql.bytes);
    /* COMMIT of a transaction that had failed answers "ROLLBACK", and calls that a success. */
    bool is_committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool is_lost = PQstatus(handle) != CONNECTION_OK || state == NULL ||
                   strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0;
    enum err err = ERR_NONE;
    if (!is_committed && !is_lost && strcmp(state, "53100") == 0)
        err = sql_fail_disk_full(writer->db);
    else if (!is_committed)
        err = sql_fail(writer->db, ERR_BUSY, is_lost ? SQL_HARM_CONNECTION : SQL_HARM_TRANSACTION,
                       PQerrorMessage(handle));
    PQclear(result);
    return err;
}

enum err turn_commit(struct writer *writer)
{
    if (db_is_sqlite(writer->db))
        return sql_run(writer->db, "COMMIT");
    return commit_postgres(writer);
}

/* IF NOT EXISTS is no lock: of two processes that start together the second would fail. */
static const char MAKE_SEQUENCE[] = "BEGIN; SELECT pg_advisory_xact_lock(7240818);"
                                    "CREATE SEQUENCE IF NOT EXISTS store_turn; COMMIT";

/* Made before the first turn; markers of processes long gone are swept on the way. */
static enum err prepare_postgres(struct writer *writer)
{
    int64_t day_ago_ms = clock_now_ms() - INT64_C(86400000);
    TRY(sql_script(writer->db, MAKE_SEQUENCE));
    return sql_run(writer->db, "DELETE FROM store_marker WHERE at_ms < $1 AND writer <> $2",
                   SQL_INT(day_ago_ms), SQL_INT(writer->writer_id));
}

enum err turn_connect(struct writer *writer, struct err_note *note)
{
    SCOPED(db) db = NULL;
    TRY(store_connect(writer->store, true, &db, note));
    writer->db = TAKE(db);
    writer->turn = -1;
    append_forget(writer);
    if (db_is_sqlite(writer->db))
        return ERR_NONE;
    enum err err = prepare_postgres(writer);
    if (err != ERR_NONE) {
        (void)err_set(note, err, "database", "PostgreSQL cannot be used: %s.", writer->db->words);
        db_close(writer->db);
        writer->db = NULL;
    }
    return err;
}

static enum err read_marker(struct writer *writer, int64_t *out_serial)
{
    TRY(turn_begin(writer)); /* waits until the old transaction has ended, either way */
    enum err err =
        sql_one_int(writer->db, out_serial, "SELECT serial FROM store_marker WHERE writer = $1",
                    SQL_INT(writer->writer_id));
    turn_rollback(writer);
    return err;
}

/* The old backend may still sit in its transaction, waiting for a client that is gone. Its
 * application name is random, so no other session can be hit. */
static enum err end_backend(struct db *db, const char *application)
{
    return sql_run(db,
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name = $1 AND pid <> pg_backend_pid()",
                   SQL_TEXT(application));
}

enum err turn_resolve(struct writer *writer, bool *out_is_committed)
{
    char application[SQL_APPLICATION_SIZE];
    memcpy(application, writer->db->application, sizeof application);
    struct db *lost = writer->db;
    writer->db = NULL;
    enum err err = turn_connect(writer, NULL);
    if (err == ERR_NONE)
        err = end_backend(writer->db, application);
    int64_t serial = 0;
    if (err == ERR_NONE) {
        err = read_marker(writer, &serial);
        if (err == ERR_NOT_FOUND)
            err = ERR_NONE;
    }
    if (err != ERR_NONE) {
        db_close(writer->db);
        writer->db = lost; /* asked again later: its name is still needed */
        return err;
    }
    db_close(lost);
    *out_is_committed = serial == writer->serial;
    return ERR_NONE;
}
