// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/peers.h"

#include "base/clock.h"
#include "base/text.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEVICES = 200, FRAMES_PER_S = 10, PERSONS = 50 };

struct peer_row peer_row_at(int64_t n)
{
    static const int64_t START_MS = 1781990043000;
    int64_t person = n % PERSONS;
    int64_t frame = n / PERSONS / DEVICES;
    return (struct peer_row){.device = (int)(n / PERSONS % DEVICES),
                             .at_ms = START_MS + frame * 1000 / FRAMES_PER_S,
                             .track = (int)(person + 1),
                             .x = (int)((person * 37 + frame * 3) % 1900),
                             .y = (int)((person * 53 + frame) % 1000),
                             .w = 40 + (int)(person % 7),
                             .h = 110 + (int)(person % 13),
                             .confidence = 0.5 + (double)(person % 50) / 100};
}

static enum err refuse(struct err_note *note, PGconn *connection, const char *what)
{
    enum err err = err_set(note, ERR_IO, "PostgreSQL", "%s: %s", what, PQerrorMessage(connection));
    PQfinish(connection);
    return err;
}

static bool is_done(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* One transaction: COPY is one by itself. */
static bool copy_batch(PGconn *connection, struct text *rows)
{
    PGresult *result = PQexec(connection, "COPY detection FROM STDIN");
    bool is_ready = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    if (!is_ready || PQputCopyData(connection, rows->bytes, (int)rows->len) != 1 ||
        PQputCopyEnd(connection, NULL) != 1)
        return false;
    result = PQgetResult(connection);
    bool is_stored = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    while ((result = PQgetResult(connection)) != NULL)
        PQclear(result);
    return is_stored;
}

/* One client process; counts its rows in *rows. Batches of clients do not overlap. */
static void run_client(const char *url, int client, int clients, int batch, int64_t end_us,
                       int64_t *rows)
{
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK ||
        !is_done(connection, "SET synchronous_commit = on; SET client_min_messages = warning"))
        _exit(1);
    struct text text;
    text_init(&text, (size_t)batch * 200);
    for (int64_t n = client; clock_monotonic_us() < end_us; n += clients) {
        text_clear(&text);
        for (int64_t i = n * batch; i < (n + 1) * batch; i++) {
            struct peer_row row = peer_row_at(i);
            char at[CLOCK_TEXT_SIZE];
            clock_format(row.at_ms, at);
            text_addf(&text, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%.2f\n", row.device, at, row.track, row.x,
                      row.y, row.w, row.h, row.confidence);
        }
        if (!copy_batch(connection, &text))
            _exit(1);
        *rows += batch;
    }
    PQfinish(connection);
    _exit(0);
}

static enum err table_size(PGconn *connection, int64_t *out_bytes)
{
    PGresult *result = PQexec(connection, "SELECT pg_total_relation_size('detection')");
    bool is_known = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (is_known)
        *out_bytes = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return is_known ? ERR_NONE : ERR_IO;
}

enum err peer_postgres_copy(const char *url, int clients, int batch, int64_t duration_us,
                            struct peer_result *out, struct err_note *note)
{
    static const char TABLE[] =
        "SET client_min_messages = warning; DROP TABLE IF EXISTS detection; CREATE TABLE detection "
        "(device int, at timestamptz,"
        " track int, x smallint, y smallint, w smallint, h smallint, confidence real);"
        " CREATE INDEX ON detection (device, at)";
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK || !is_done(connection, TABLE))
        return refuse(note, connection, "the table could not be made");
    int64_t *rows = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(rows != MAP_FAILED && clients <= 64);
    int64_t start_us = clock_monotonic_us();
    pid_t children[64];
    for (int i = 0; i < clients; i++) {
        children[i] = fork();
        assert(children[i] >= 0);
        if (children[i] == 0)
            run_client(url, i, clients, batch, start_us + duration_us, &rows[i * 8]);
    }
    int64_t total = 0;
    bool is_well = true;
    for (int i = 0; i < clients; i++) {
        int status = 1;
        (void)waitpid(children[i], &status, 0);
        is_well = is_well && status == 0;
        total += rows[i * 8];
    }
    int64_t took_us = clock_monotonic_us() - start_us;
    (void)munmap(rows, 4096);
    int64_t bytes;
    if (!is_well || total == 0 || table_size(connection, &bytes) != ERR_NONE)
        return refuse(note, connection, "a COPY failed");
    PQfinish(connection);
    *out = (struct peer_result){.rows_per_s = (double)total * 1e6 / (double)took_us,
                                .bytes_per_row = (double)bytes / (double)total};
    return ERR_NONE;
}

static bool sqlite_do(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool sqlite_insert(sqlite3_stmt *insert, const struct peer_row *row)
{
    (void)sqlite3_bind_int(insert, 1, row->device);
    (void)sqlite3_bind_int64(insert, 2, row->at_ms);
    (void)sqlite3_bind_int(insert, 3, row->track);
    (void)sqlite3_bind_int(insert, 4, row->x);
    (void)sqlite3_bind_int(insert, 5, row->y);
    (void)sqlite3_bind_int(insert, 6, row->w);
    (void)sqlite3_bind_int(insert, 7, row->h);
    (void)sqlite3_bind_double(insert, 8, row->confidence);
    bool is_stored = sqlite3_step(insert) == SQLITE_DONE;
    (void)sqlite3_reset(insert);
    return is_stored;
}

static int64_t sqlite_fill(sqlite3 *db, int batch, int64_t end_us)
{
    sqlite3_stmt *insert = NULL;
    int64_t rows = 0;
    if (sqlite3_prepare_v2(db, "INSERT INTO detection VALUES (?,?,?,?,?,?,?,?)", -1, &insert,
                           NULL) != SQLITE_OK)
        return 0;
    while (clock_monotonic_us() < end_us && sqlite_do(db, "BEGIN")) {
        for (int i = 0; i < batch; i++) {
            struct peer_row row = peer_row_at(rows + i);
            if (!sqlite_insert(insert, &row))
                break;
        }
        if (!sqlite_do(db, "COMMIT"))
            break;
        rows += batch;
    }
    (void)sqlite3_finalize(insert);
    return rows;
}

enum err peer_sqlite_rows(const char *folder, int batch, int64_t duration_us,
                          struct peer_result *out, struct err_note *note)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/peer.db", folder);
    sqlite3 *db = NULL;
    bool is_ready =
        sqlite3_open(path, &db) == SQLITE_OK && sqlite_do(db, "PRAGMA journal_mode=WAL") &&
        sqlite_do(db, "PRAGMA synchronous=FULL") &&
        sqlite_do(db, "CREATE TABLE detection (device INT, at INT, track INT, x INT, y INT,"
                      " w INT, h INT, confidence REAL)") &&
        sqlite_do(db, "CREATE INDEX detection_at ON detection (device, at)");
    int64_t start_us = clock_monotonic_us();
    int64_t rows = is_ready ? sqlite_fill(db, batch, start_us + duration_us) : 0;
    int64_t took_us = clock_monotonic_us() - start_us;
    enum err err = ERR_NONE;
    struct stat status = {0};
    if (rows == 0)
        err = err_set(note, ERR_IO, path, "SQLite: %s", sqlite3_errmsg(db));
    else
        (void)sqlite_do(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)sqlite3_close(db);
    (void)stat(path, &status);
    (void)unlink(path);
    if (err == ERR_NONE)
        *out = (struct peer_result){.rows_per_s = (double)rows * 1e6 / (double)took_us,
                                    .bytes_per_row = (double)status.st_size / (double)rows};
    return err;
}
