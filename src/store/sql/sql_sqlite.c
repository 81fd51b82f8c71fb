// SPDX-License-Identifier: Apache-2.0
/* SQLite: one file in WAL mode, synchronous=FULL. "$1" is a name to SQLite, numbered by appearance,
 * so every statement keeps a map from n to SQLite's index.
 *
 * A failed fsync ends the process: the kernel may already have dropped the dirty pages, so trying
 * again could "succeed" over a hole (PostgreSQL learned this in 2018). The restart reads the
 * log. */
#include "store/sql/sql_internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <sqlite3.h>

#define BUSY_MS 5000

static bool is_sync_failure(int code)
{
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

static bool is_disk_full(sqlite3 *handle, int code)
{
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    int reason = sqlite3_system_errno(handle);
    return (code & 0xff) == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT);
}

enum err sqlite_failure(struct db *db)
{
    sqlite3 *handle = db->handle;
    int code = sqlite3_extended_errcode(handle);
    const char *words = sqlite3_errmsg(handle);
    if (is_sync_failure(code)) {
        log_write(LOG_ERROR, "store", "fsync failed; the process ends and restarts from the log",
                  "reason=%s errno=%d", LOG_TEXT(words), sqlite3_system_errno(handle));
        abort();
    }
    if (is_disk_full(handle, code))
        return sql_fail_disk_full(db);
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return sql_fail(db, ERR_CONFLICT, SQL_HARM_STATEMENT, words);
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sql_fail(db, ERR_BUSY, SQL_HARM_TRANSACTION, words);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return sql_fail(db, ERR_CORRUPT, SQL_HARM_TRANSACTION, words);
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
        return sql_fail(db, ERR_IO, SQL_HARM_TRANSACTION, words);
    default:
        return sql_fail(db, ERR_IO, SQL_HARM_STATEMENT, words);
    }
}

static enum err sqlite_script(struct db *db, const char *sql)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_failure(db);
    return ERR_NONE;
}

static enum err prepare(struct db *db, const char *sql, struct statement **out_statement)
{
    uint32_t hash = sql_hash(sql);
    struct statement *found = db->buckets[hash % STATEMENT_BUCKETS];
    while (found != NULL && (found->hash != hash || found->is_busy || strcmp(found->sql, sql) != 0))
        found = found->next;
    if (found != NULL) {
        *out_statement = found;
        return ERR_NONE;
    }
    sqlite3_stmt *prepared = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL) !=
        SQLITE_OK)
        return sqlite_failure(db);
    struct statement *statement = mem_new(sizeof *statement);
    *statement = (struct statement){.sql = mem_text(sql), .hash = hash, .prepared = prepared};
    for (int i = 1; i <= SQL_ARGS_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "$%d", i);
        statement->place[i] = sqlite3_bind_parameter_index(prepared, name);
    }
    *out_statement = statement_keep(db, statement);
    return ERR_NONE;
}

static int bind_one(sqlite3_stmt *prepared, int place, const struct sql_value *value,
                    sqlite3_destructor_type lifetime)
{
    switch (value->type) {
    case SQL_TYPE_INT:
        return sqlite3_bind_int64(prepared, place, value->integer);
    case SQL_TYPE_REAL:
        return sqlite3_bind_double(prepared, place, value->real);
    case SQL_TYPE_TEXT:
        return sqlite3_bind_text64(prepared, place, value->bytes, value->len, lifetime,
                                   SQLITE_UTF8);
    case SQL_TYPE_BLOB:
        return sqlite3_bind_blob64(prepared, place, value->bytes, value->len, lifetime);
    case SQL_TYPE_NULL:
    default:
        return sqlite3_bind_null(prepared, place);
    }
}

static enum err bind(struct db *db, struct statement *statement, const struct sql_value *args,
                     size_t arg_count, sqlite3_destructor_type lifetime)
{
    for (size_t i = 0; i < arg_count; i++) {
        int place = statement->place[i + 1];
        if (place == 0)
            continue; /* given, but the text does not use it */
        if (bind_one(statement->prepared, place, &args[i], lifetime) != SQLITE_OK)
            return sqlite_failure(db);
    }
    return ERR_NONE;
}

static void release(struct statement *statement)
{
    (void)sqlite3_reset(statement->prepared); /* repeats the error of the last step */
    (void)sqlite3_clear_bindings(statement->prepared);
    statement->is_busy = false;
}

/* The values are copied: rows are read after the call that lent them. */
static enum err sqlite_query(struct db *db, struct sql_rows *rows, const char *sql,
                             const struct sql_value *args, size_t arg_count)
{
    struct statement *statement;
    rows->failure = prepare(db, sql, &statement);
    if (rows->failure != ERR_NONE)
        return rows->failure;
    statement->is_busy = true;
    rows->statement = statement;
    rows->failure = bind(db, statement, args, arg_count, SQLITE_TRANSIENT);
    if (rows->failure != ERR_NONE) {
        release(statement);
        rows->statement = NULL;
    }
    return rows->failure;
}

static bool sqlite_next(struct sql_rows *rows)
{
    struct statement *statement = rows->statement;
    int code = sqlite3_step(statement->prepared);
    if (code == SQLITE_ROW) {
        rows->row++;
        return true;
    }
    if (code != SQLITE_DONE)
        rows->failure = sqlite_failure(rows->db);
    return false;
}

static void sqlite_end(struct sql_rows *rows)
{
    release(rows->statement);
    rows->statement = NULL;
}

static sqlite3_stmt *stepped(const struct sql_rows *rows)
{
    return ((struct statement *)rows->statement)->prepared;
}

static enum sql_type sqlite_type(const struct sql_rows *rows, int column)
{
    switch (sqlite3_column_type(stepped(rows), column)) {
    case SQLITE_INTEGER:
        return SQL_TYPE_INT;
    case SQLITE_FLOAT:
        return SQL_TYPE_REAL;
    case SQLITE_TEXT:
        return SQL_TYPE_TEXT;
    case SQLITE_BLOB:
        return SQL_TYPE_BLOB;
    default:
        return SQL_TYPE_NULL;
    }
}

static int sqlite_column_count(const struct sql_rows *rows)
{
    return sqlite3_column_count(stepped(rows));
}

static int64_t sqlite_integer(const struct sql_rows *rows, int column)
{
    return sqlite3_column_int64(stepped(rows), column);
}

static double sqlite_real(const struct sql_rows *rows, int column)
{
    return sqlite3_column_double(stepped(rows), column);
}

static const char *sqlite_text(const struct sql_rows *rows, int column)
{
    const unsigned char *text = sqlite3_column_text(stepped(rows), column);
    return text == NULL ? "" : (const char *)text;
}

static const void *sqlite_blob(const struct sql_rows *rows, int column, size_t *out_len)
{
    const void *bytes = sqlite3_column_blob(stepped(rows), column);
    *out_len = (size_t)sqlite3_column_bytes(stepped(rows), column);
    return bytes;
}

static enum err sqlite_run(struct db *db, int64_t *out_changed, const char *sql,
                           const struct sql_value *args, size_t arg_count)
{
    struct statement *statement;
    TRY(prepare(db, sql, &statement));
    enum err err = bind(db, statement, args, arg_count, SQLITE_STATIC);
    int code = SQLITE_DONE;
    do {
        if (err == ERR_NONE)
            code = sqlite3_step(statement->prepared);
    } while (err == ERR_NONE && code == SQLITE_ROW); /* RETURNING: whoever wants it queries */
    if (err == ERR_NONE && code != SQLITE_DONE)
        err = sqlite_failure(db);
    else if (err == ERR_NONE && out_changed != NULL)
        *out_changed = sqlite3_changes64(db->handle);
    release(statement);
    return err;
}

static void sqlite_forget(struct db *db, struct statement *statement)
{
    (void)db;
    (void)sqlite3_finalize(statement->prepared); /* repeats an old error */
}

static void sqlite_close(struct db *db)
{
    int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* every statement was ended */
}

const struct sql_engine sqlite_engine = {
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .type = sqlite_type,
    .column_count = sqlite_column_count,
    .integer = sqlite_integer,
    .real = sqlite_real,
    .text = sqlite_text,
    .blob = sqlite_blob,
    .run = sqlite_run,
    .script = sqlite_script,
    .forget = sqlite_forget,
    .close = sqlite_close,
};

/* Checkpoints are housekeeping's work, so no connection makes them by itself. secure_delete=FAST:
 * Debian's default zeroes what retention removes, which doubles its writes. */
static const char PRAGMAS[] = "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "PRAGMA foreign_keys=ON;"
                              "PRAGMA wal_autocheckpoint=0;"
                              "PRAGMA journal_size_limit=67108864;"
                              "PRAGMA secure_delete=FAST;"
                              "PRAGMA temp_store=MEMORY;";

/* Readable by the owner only; the log and its index get the same rights from SQLite. A file that is
 * there is not touched: closing any descriptor of it would drop SQLite's locks. */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd); /* empty */
}

enum err sqlite_connect(const char *path, enum sqlite_use use, struct db **out_db,
                        struct err_note *note)
{
    SCOPED(db) db = mem_new(sizeof *db);
    db->engine = &sqlite_engine;
    sqlite3 *handle = NULL;
    make_private(path); /* where that fails, opening does too, and says why */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &handle, flags, NULL);
    db->handle = handle;
    if (code != SQLITE_OK)
        return err_set(note, ERR_IO, path,
                       "The database cannot be opened: %s. Check the folder's "
                       "owner and rights.",
                       sqlite3_errmsg(handle));
    (void)sqlite3_extended_result_codes(handle, 1);
    (void)sqlite3_busy_timeout(handle, BUSY_MS);
    enum err err = sqlite_script(db, PRAGMAS);
    if (err == ERR_NONE)
        err = sqlite_script(db, use == SQLITE_USE_WRITER ? "PRAGMA cache_size=-65536"
                                                         : "PRAGMA cache_size=-8192");
    if (err != ERR_NONE)
        return err_set(note, err, path, "The database cannot be set up: %s.", db->words);
    *out_db = TAKE(db);
    return ERR_NONE;
}
