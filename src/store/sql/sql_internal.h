// SPDX-License-Identifier: Apache-2.0
/* store/sql/sql_internal.h — one connection, and what an engine must be able to do with it.
 *
 * Both engines behave alike after a failed statement: the unit of work (a command, or a reader from
 * take to give) can only end. PostgreSQL insists on that; for SQLite `failure` makes it so, and a
 * command that overlooks a failure is undone all the same. */
#pragma once
#include "base/base.h"
#include "store/sql.h"

#define SQL_ARGS_MAX         40
#define STATEMENTS_MAX       512
#define STATEMENT_BUCKETS    128
#define SQL_SCRATCH_COUNT    16
#define SQL_SCRATCH_SIZE     40
#define SQL_FAILURE_SIZE     320
#define SQL_APPLICATION_SIZE 40

struct statement {
    struct statement *next;
    char *sql;
    uint32_t hash;
    bool is_busy; /* SQLite: rows are open, so the same text needs a second statement */
    bool is_kept; /* in the cache */
    void *prepared;
    int place[SQL_ARGS_MAX + 1]; /* SQLite: the index of "$n" */
    char name[24];               /* PostgreSQL */
    unsigned types[SQL_ARGS_MAX];
};

/* How bad the last failure was. */
enum sql_harm {
    SQL_HARM_NONE,
    SQL_HARM_STATEMENT,   /* this unit of work */
    SQL_HARM_TRANSACTION, /* the whole transaction: disk full, I/O */
    SQL_HARM_CONNECTION,  /* the server is gone */
};

struct db {
    const struct sql_engine *engine;
    void *handle; /* sqlite3 * or PGconn * */
    struct statement *buckets[STATEMENT_BUCKETS];
    size_t statement_count;
    uint64_t statement_serial;
    enum err failure; /* of this unit of work; sticky until sql_unit_begin() */
    enum sql_harm harm;
    bool wants_savepoint; /* before the next statement: a command that makes none needs none */
    char words[SQL_FAILURE_SIZE];
    char scratch[SQL_SCRATCH_COUNT][SQL_SCRATCH_SIZE];
    unsigned scratch_next;
    struct store *store;                    /* whose connection this is */
    char application[SQL_APPLICATION_SIZE]; /* PostgreSQL: tells our backends apart */
};

struct sql_engine {
    enum err (*query)(struct db *db, struct sql_rows *rows, const char *sql,
                      const struct sql_value *args, size_t arg_count);
    bool (*next)(struct sql_rows *rows);
    void (*end)(struct sql_rows *rows);
    enum sql_type (*type)(const struct sql_rows *rows, int column);
    int (*column_count)(const struct sql_rows *rows);
    int64_t (*integer)(const struct sql_rows *rows, int column);
    double (*real)(const struct sql_rows *rows, int column);
    const char *(*text)(const struct sql_rows *rows, int column);
    const void *(*blob)(const struct sql_rows *rows, int column, size_t *out_len);
    enum err (*run)(struct db *db, int64_t *out_changed, const char *sql,
                    const struct sql_value *args, size_t arg_count);
    enum err (*script)(struct db *db, const char *sql); /* several statements, no parameters */
    void (*forget)(struct db *db, struct statement *statement);
    void (*close)(struct db *db);
};

extern const struct sql_engine sqlite_engine;
extern const struct sql_engine postgres_engine;
enum err
sqlite_failure(struct db *db); /* of the last call; ends the process after a failed fsync */
/* Maps what libpq says and remembers it. `result` is a PGresult, or NULL. */
enum err postgres_failure(struct db *db, const void *result);

enum sqlite_use { SQLITE_USE_WRITER, SQLITE_USE_READER };
/* The caller owns *out_db; db_close(). */
MUST_USE enum err sqlite_connect(const char *path, enum sqlite_use use, struct db **out_db,
                                 struct err_note *note);
enum postgres_use { POSTGRES_USE_WRITER, POSTGRES_USE_READER, POSTGRES_USE_LISTENER };
MUST_USE enum err postgres_connect(const char *url, const char *schema, enum postgres_use use,
                                   struct db **out_db, struct err_note *note);
MUST_USE enum err postgres_make_schema(const char *url, const char *schema, struct err_note *note);
void db_close(struct db *db);
static inline void db_destroy(struct db *db)
{
    db_close(db);
}
DEFINE_SCOPED(db)

static inline bool db_is_sqlite(const struct db *db)
{
    return db->engine == &sqlite_engine;
}

/* Forgets the failure of the unit before. */
void sql_unit_begin(struct db *db);
/* Statements without parameters, on the writer's and reader's way in and out. */
enum err sql_script(struct db *db, const char *sql);
/* Remembers a failure and returns it. */
enum err sql_fail(struct db *db, enum err err, enum sql_harm harm, const char *words);
/* The same on both engines: ERR_BUSY for the whole transaction, in words that a client may read. */
enum err sql_fail_disk_full(struct db *db);
bool sql_is_disk_full(const struct db *db); /* the last failure was that */

void sql_forget_statements(struct db *db); /* but those with open rows */
uint32_t sql_hash(const char *sql);
struct statement *statement_keep(struct db *db, struct statement *statement);
void statement_destroy(struct db *db, struct statement *statement);
char *sql_scratch(struct db *db);
