// SPDX-License-Identifier: Apache-2.0
/* PostgreSQL through libpq. Statements are prepared with the types of the values that are given
 * (int8, float8, bytea; text and NULL are left to the server), results come in binary.
 *
 * A statement that was prepared for other types is prepared again: "$1" may be a number in one call
 * and a text in the next. NULL fits every type. */
#include "store/sql/sql_internal.h"

#include "base/random.h"
#include "store/sql/pg_binary.h"

#include <stdio.h>

#include <libpq-fe.h>

#define TYPE_BYTEA  17u
#define TYPE_INT8   20u
#define TYPE_FLOAT8 701u

static bool is_class(const char *state, const char *class)
{
    return state != NULL && strncmp(state, class, strlen(class)) == 0;
}

/* PostgreSQL's SQLSTATE to ours (its manual, appendix A). */
enum err postgres_failure(struct db *db, const void *result)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (words == NULL)
        words = PQerrorMessage(db->handle);
    if (PQstatus(db->handle) != CONNECTION_OK || is_class(state, "08") || is_class(state, "57P"))
        return sql_fail(db, ERR_BUSY, SQL_HARM_CONNECTION, words);
    if (is_class(state, "23505") || is_class(state, "23503"))
        return sql_fail(db, ERR_CONFLICT, SQL_HARM_STATEMENT, words);
    if (is_class(state, "53100"))
        return sql_fail_disk_full(db); /* its words name a file of the server's */
    if (is_class(state, "53") || is_class(state, "40") || is_class(state, "55P03"))
        return sql_fail(db, ERR_BUSY, SQL_HARM_TRANSACTION, words);
    if (is_class(state, "XX001") || is_class(state, "XX002"))
        return sql_fail(db, ERR_CORRUPT, SQL_HARM_TRANSACTION, words);
    if (is_class(state, "58"))
        return sql_fail(db, ERR_IO, SQL_HARM_TRANSACTION, words);
    return sql_fail(db, ERR_IO, SQL_HARM_STATEMENT, words);
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

static enum err postgres_script(struct db *db, const char *sql)
{
    PGresult *result = PQexec(db->handle, sql);
    enum err err = is_good(result) ? ERR_NONE : postgres_failure(db, result);
    PQclear(result);
    return err;
}

static unsigned type_of(const struct sql_value *value)
{
    switch (value->type) {
    case SQL_TYPE_INT:
        return TYPE_INT8;
    case SQL_TYPE_REAL:
        return TYPE_FLOAT8;
    case SQL_TYPE_BLOB:
        return TYPE_BYTEA;
    case SQL_TYPE_TEXT:
    case SQL_TYPE_NULL:
    default:
        return 0;
    }
}

static bool fits(const struct statement *statement, const struct sql_value *args, size_t arg_count)
{
    for (size_t i = 0; i < arg_count; i++) {
        if (args[i].type != SQL_TYPE_NULL && statement->types[i] != type_of(&args[i]))
            return false;
    }
    return true;
}

static enum err prepare(struct db *db, const char *sql, const struct sql_value *args,
                        size_t arg_count, struct statement **out_statement)
{
    uint32_t hash = sql_hash(sql);
    struct statement *found = db->buckets[hash % STATEMENT_BUCKETS];
    while (found != NULL &&
           (found->hash != hash || strcmp(found->sql, sql) != 0 || !fits(found, args, arg_count)))
        found = found->next;
    if (found != NULL) {
        *out_statement = found;
        return ERR_NONE;
    }
    struct statement *statement = mem_new(sizeof *statement);
    *statement = (struct statement){.sql = mem_text(sql), .hash = hash};
    (void)snprintf(statement->name, sizeof statement->name, "m%llu",
                   (unsigned long long)++db->statement_serial);
    for (size_t i = 0; i < arg_count; i++)
        statement->types[i] = type_of(&args[i]);
    PGresult *result =
        PQprepare(db->handle, statement->name, sql, (int)arg_count, statement->types);
    enum err err = is_good(result) ? ERR_NONE : postgres_failure(db, result);
    PQclear(result);
    if (err != ERR_NONE) {
        mem_free(statement->sql);
        mem_free(statement);
        return err;
    }
    *out_statement = statement_keep(db, statement);
    return ERR_NONE;
}

static enum err execute(struct db *db, const char *sql, const struct sql_value *args,
                        size_t arg_count, PGresult **out_result)
{
    struct statement *statement;
    TRY(prepare(db, sql, args, arg_count, &statement));
    const char *values[SQL_ARGS_MAX];
    int lengths[SQL_ARGS_MAX], formats[SQL_ARGS_MAX];
    unsigned char numbers[SQL_ARGS_MAX][8];
    for (size_t i = 0; i < arg_count; i++) {
        const struct sql_value *arg = &args[i];
        formats[i] = arg->type == SQL_TYPE_TEXT ? 0 : 1;
        lengths[i] = arg->type == SQL_TYPE_BLOB ? (int)arg->len : 8;
        values[i] = arg->bytes; /* a text is terminated: SQL_TEXT() makes no other */
        if (arg->type == SQL_TYPE_INT)
            values[i] = pg_put_int64(numbers[i], arg->integer);
        else if (arg->type == SQL_TYPE_REAL)
            values[i] = pg_put_real(numbers[i], arg->real);
        else if (arg->type == SQL_TYPE_NULL)
            values[i] = NULL;
    }
    PGresult *result =
        PQexecPrepared(db->handle, statement->name, (int)arg_count, values, lengths, formats, 1);
    if (is_good(result)) {
        *out_result = result;
        return ERR_NONE;
    }
    enum err err = postgres_failure(db, result);
    PQclear(result);
    return err;
}

static enum err postgres_query(struct db *db, struct sql_rows *rows, const char *sql,
                               const struct sql_value *args, size_t arg_count)
{
    PGresult *result = NULL;
    rows->failure = execute(db, sql, args, arg_count, &result);
    if (rows->failure != ERR_NONE)
        return rows->failure;
    rows->statement = result;
    rows->result = result;
    rows->row_count = PQntuples(result);
    return ERR_NONE;
}

static bool postgres_next(struct sql_rows *rows)
{
    return ++rows->row < rows->row_count;
}

static void postgres_end(struct sql_rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
    rows->statement = NULL;
}

static struct pg_field field(const struct sql_rows *rows, int column)
{
    return (struct pg_field){.type = PQftype(rows->result, column),
                             .is_null = PQgetisnull(rows->result, rows->row, column) != 0,
                             .bytes = PQgetvalue(rows->result, rows->row, column),
                             .len = (size_t)PQgetlength(rows->result, rows->row, column)};
}

static enum sql_type postgres_type(const struct sql_rows *rows, int column)
{
    struct pg_field f = field(rows, column);
    return f.is_null ? SQL_TYPE_NULL : pg_kind_of(f.type);
}

static int postgres_column_count(const struct sql_rows *rows)
{
    return PQnfields(rows->result);
}

static int64_t postgres_integer(const struct sql_rows *rows, int column)
{
    struct pg_field f = field(rows, column);
    return pg_int(&f);
}

static double postgres_real(const struct sql_rows *rows, int column)
{
    struct pg_field f = field(rows, column);
    return pg_real(&f);
}

/* libpq terminates every value, so text needs no copy. */
static const char *postgres_text(const struct sql_rows *rows, int column)
{
    struct pg_field f = field(rows, column);
    if (f.is_null)
        return "";
    char *scratch;
    switch (pg_kind_of(f.type)) {
    case SQL_TYPE_INT:
        scratch = sql_scratch(rows->db);
        (void)snprintf(scratch, SQL_SCRATCH_SIZE, "%lld", (long long)pg_int(&f));
        return scratch;
    case SQL_TYPE_REAL:
        scratch = sql_scratch(rows->db);
        (void)snprintf(scratch, SQL_SCRATCH_SIZE, "%.17g", pg_real(&f));
        return scratch;
    case SQL_TYPE_TEXT:
    case SQL_TYPE_BLOB:
    case SQL_TYPE_NULL:
    default:
        return f.bytes;
    }
}

static const void *postgres_blob(const struct sql_rows *rows, int column, size_t *out_len)
{
    struct pg_field f = field(rows, column);
    *out_len = f.is_null ? 0 : f.len;
    return f.is_null ? NULL : f.bytes;
}

static enum err postgres_run(struct db *db, int64_t *out_changed, const char *sql,
                             const struct sql_value *args, size_t arg_count)
{
    PGresult *result = NULL;
    TRY(execute(db, sql, args, arg_count, &result));
    if (out_changed != NULL)
        *out_changed = strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return ERR_NONE;
}

static void postgres_forget(struct db *db, struct statement *statement)
{
    if (PQstatus(db->handle) != CONNECTION_OK)
        return;
    char sql[64];
    (void)snprintf(sql, sizeof sql, "DEALLOCATE %s", statement->name);
    PQclear(PQexec(db->handle, sql)); /* fails within a failed transaction: harmless */
}

static void postgres_close(struct db *db)
{
    PQfinish(db->handle);
}

const struct sql_engine postgres_engine = {
    .query = postgres_query,
    .next = postgres_next,
    .end = postgres_end,
    .type = postgres_type,
    .column_count = postgres_column_count,
    .integer = postgres_integer,
    .real = postgres_real,
    .text = postgres_text,
    .blob = postgres_blob,
    .run = postgres_run,
    .script = postgres_script,
    .forget = postgres_forget,
    .close = postgres_close,
};

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result; /* "relation exists already, skipping" */
}

/* A writer that hangs or is cut off within its turn must not hold up the others: the server ends a
 * transaction that is idle for 5 s, and notices a dead peer in about 10 s. */
static enum err set_up(struct db *db, const char *schema, enum postgres_use use)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SET search_path TO \"%s\"; SET client_min_messages TO error;"
                   "SET synchronous_commit TO on; SET timezone TO 'UTC';"
                   "SET tcp_keepalives_idle TO 4; SET tcp_keepalives_interval TO 2;"
                   "SET tcp_keepalives_count TO 3;%s",
                   schema,
                   use == POSTGRES_USE_WRITER ? "SET idle_in_transaction_session_timeout TO 5000"
                                              : "");
    return postgres_script(db, sql);
}

enum err postgres_connect(const char *url, const char *schema, enum postgres_use use,
                          struct db **out_db, struct err_note *note)
{
    SCOPED(db) db = mem_new(sizeof *db);
    db->engine = &postgres_engine;
    char id[17];
    random_id(id, sizeof id);
    (void)snprintf(db->application, sizeof db->application, "muster-%s", id);
    const char *const names[] = {"dbname",
                                 "application_name",
                                 "connect_timeout",
                                 "client_encoding",
                                 "keepalives_idle",
                                 "tcp_user_timeout",
                                 NULL};
    const char *const values[] = {url, db->application, "5", "UTF8", "5", "10000", NULL};
    PGconn *handle = PQconnectdbParams(names, values, 1);
    db->handle = handle;
    if (PQstatus(handle) != CONNECTION_OK)
        return err_set(note, ERR_BUSY, "database", "PostgreSQL does not answer: %s",
                       PQerrorMessage(handle));
    (void)PQsetNoticeReceiver(handle, ignore_notice, NULL);
    enum err err = set_up(db, schema, use);
    if (err != ERR_NONE)
        return err_set(note, err, "database", "PostgreSQL cannot be used: %s.", db->words);
    *out_db = TAKE(db);
    return ERR_NONE;
}

enum err postgres_make_schema(const char *url, const char *schema, struct err_note *note)
{
    SCOPED(db) db = NULL;
    TRY(postgres_connect(url, schema, POSTGRES_USE_READER, &db, note));
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "BEGIN; SELECT pg_advisory_xact_lock(7240815);"
                   "CREATE SCHEMA IF NOT EXISTS \"%s\"; COMMIT",
                   schema);
    enum err err = postgres_script(db, sql);
    if (err != ERR_NONE)
        return err_set(note, err, schema,
                       "The schema cannot be made: %s. Give the role CREATE on "
                       "the database.",
                       db->words);
    return ERR_NONE;
}
