// SPDX-License-Identifier: Apache-2.0
/* store/sql.h — one SQL text for both engines. Parameters are $1, $2 ...; results are read by
 * column number. Statements are prepared once per connection and kept.
 *
 *   struct sql_rows rows;
 *   TRY(sql_query(db, &rows, "SELECT id, name FROM zone WHERE venue = $1", SQL_TEXT(venue)));
 *   while (sql_next(&rows))
 *       zone_add(sql_text(&rows, 0), sql_text(&rows, 1));
 *   return sql_end(&rows);          // always: ends the statement, tells of a failure on the way
 *
 * Write for both: INSERT ... ON CONFLICT ... DO UPDATE, RETURNING, LIMIT; no RIGHT JOIN, no
 * arrays. */
#pragma once
#include "base/base.h"

struct db; /* one connection; inside a command it stands in the writer's transaction */

enum sql_type { SQL_TYPE_NULL, SQL_TYPE_INT, SQL_TYPE_REAL, SQL_TYPE_TEXT, SQL_TYPE_BLOB };

struct sql_value {
    enum sql_type type;
    int64_t integer;
    double real;
    const void *bytes; /* borrowed for the call */
    size_t len;
};

static inline struct sql_value sql_int_value(int64_t integer)
{
    return (struct sql_value){.type = SQL_TYPE_INT, .integer = integer};
}
static inline struct sql_value sql_real_value(double real)
{
    return (struct sql_value){.type = SQL_TYPE_REAL, .real = real};
}
static inline struct sql_value sql_text_value(const char *text) /* NULL is SQL's NULL */
{
    return (struct sql_value){.type = text == NULL ? SQL_TYPE_NULL : SQL_TYPE_TEXT,
                              .bytes = text,
                              .len = text == NULL ? 0 : strlen(text)};
}
static inline struct sql_value sql_blob_value(const void *bytes, size_t len)
{
    return (struct sql_value){
        .type = bytes == NULL ? SQL_TYPE_NULL : SQL_TYPE_BLOB, .bytes = bytes, .len = len};
}

#define SQL_INT(i)       sql_int_value(i)
#define SQL_REAL(r)      sql_real_value(r)
#define SQL_TEXT(t)      sql_text_value(t)
#define SQL_BLOB(b, len) sql_blob_value(b, len)
#define SQL_NULL         ((struct sql_value){.type = SQL_TYPE_NULL})

/* One row each; at most 20 parameters. */
#define SQL_ARGS(...)                                                                              \
    (const struct sql_value[]){__VA_ARGS__ __VA_OPT__(, ) SQL_NULL},                               \
        sizeof((const struct sql_value[]){__VA_ARGS__ __VA_OPT__(, ) SQL_NULL}) /                  \
                sizeof(struct sql_value) -                                                         \
            1

struct sql_rows {
    struct db *db;
    void *statement;
    void *result;
    int row;
    int row_count;
    enum err failure;
};

MUST_USE enum err sql_query_args(struct db *db, struct sql_rows *out_rows, const char *sql,
                                 const struct sql_value *args, size_t arg_count);
#define sql_query(db, rows, sql, ...) sql_query_args(db, rows, sql, SQL_ARGS(__VA_ARGS__))
bool sql_next(struct sql_rows *rows);
MUST_USE enum err sql_end(struct sql_rows *rows);

bool sql_is_null(const struct sql_rows *rows, int column);
int64_t sql_int(const struct sql_rows *rows, int column);
double sql_real(const struct sql_rows *rows, int column);
const char *sql_text(const struct sql_rows *rows,
                     int column); /* peek: until next or end; NULL is "" */
const void *sql_blob(const struct sql_rows *rows, int column, size_t *out_len); /* peek */

/* A statement without rows. `*out_changed` (may be NULL) counts the rows changed. A broken UNIQUE,
 * PRIMARY KEY or FOREIGN KEY is ERR_CONFLICT; everything else that fails is ERR_IO or ERR_BUSY. */
MUST_USE enum err sql_run_args(struct db *db, int64_t *out_changed, const char *sql,
                               const struct sql_value *args, size_t arg_count);
#define sql_run(db, sql, ...)              sql_run_args(db, NULL, sql, SQL_ARGS(__VA_ARGS__))
#define sql_run_counted(db, out, sql, ...) sql_run_args(db, out, sql, SQL_ARGS(__VA_ARGS__))

/* The first column of the first row; ERR_NOT_FOUND when there is none. */
MUST_USE enum err sql_one_int_args(struct db *db, int64_t *out, const char *sql,
                                   const struct sql_value *args, size_t arg_count);
#define sql_one_int(db, out, sql, ...) sql_one_int_args(db, out, sql, SQL_ARGS(__VA_ARGS__))

/* The engine's words for the last failure on this connection. */
const char *sql_failure(const struct db *db);
