// SPDX-License-Identifier: Apache-2.0
/* The engine-neutral half of sql.h: the statement cache, sticky failures, and conveniences. */
#include "store/sql/sql_internal.h"

#include <stdio.h>

uint32_t sql_hash(const char *sql)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = sql; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash;
}

void statement_destroy(struct db *db, struct statement *statement)
{
    db->engine->forget(db, statement);
    mem_free(statement->sql);
    mem_free(statement);
}

/* Whoever builds SQL text from data fills the cache; then it starts anew. */
void sql_forget_statements(struct db *db)
{
    for (size_t i = 0; i < STATEMENT_BUCKETS; i++) {
        struct statement **slot = &db->buckets[i];
        while (*slot != NULL) {
            struct statement *statement = *slot;
            if (statement->is_busy) {
                slot = &statement->next;
                continue;
            }
            *slot = statement->next;
            db->statement_count--;
            statement_destroy(db, statement);
        }
    }
}

struct statement *statement_keep(struct db *db, struct statement *statement)
{
    if (db->statement_count >= STATEMENTS_MAX)
        sql_forget_statements(db);
    struct statement **bucket = &db->buckets[statement->hash % STATEMENT_BUCKETS];
    statement->next = *bucket;
    statement->is_kept = true;
    *bucket = statement;
    db->statement_count++;
    return statement;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    if (db->handle != NULL) {
        sql_forget_statements(db);
        db->engine->close(db);
    }
    mem_free(db);
}

void sql_unit_begin(struct db *db)
{
    db->failure = ERR_NONE;
    if (db->harm == SQL_HARM_STATEMENT)
        db->harm = SQL_HARM_NONE;
}

enum err sql_fail(struct db *db, enum err err, enum sql_harm harm, const char *words)
{
    if (db->failure == ERR_NONE) {
        db->failure = err;
        (void)snprintf(db->words, sizeof db->words, "%s", words);
        size_t len = strlen(db->words);
        while (len > 0 && db->words[len - 1] == '\n')
            db->words[--len] = '\0';
    }
    db->harm = MAX(db->harm, harm);
    return err;
}

static const char DISK_FULL[] = "the disk is full";

enum err sql_fail_disk_full(struct db *db)
{
    return sql_fail(db, ERR_BUSY, SQL_HARM_TRANSACTION, DISK_FULL);
}

bool sql_is_disk_full(const struct db *db)
{
    return db->harm == SQL_HARM_TRANSACTION && strcmp(db->words, DISK_FULL) == 0;
}

char *sql_scratch(struct db *db)
{
    return db->scratch[db->scratch_next++ % SQL_SCRATCH_COUNT];
}

enum err sql_script(struct db *db, const char *sql)
{
    return db->engine->script(db, sql);
}

static enum err ready(struct db *db)
{
    if (db->failure != ERR_NONE || !db->wants_savepoint)
        return db->failure;
    db->wants_savepoint = false;
    return db->engine->run(db, NULL, "SAVEPOINT command", NULL, 0);
}

enum err sql_query_args(struct db *db, struct sql_rows *out_rows, const char *sql,
                        const struct sql_value *args, size_t arg_count)
{
    assert(arg_count <= SQL_ARGS_MAX);
    *out_rows = (struct sql_rows){.db = db, .row = -1};
    out_rows->failure = ready(db);
    if (out_rows->failure != ERR_NONE)
        return out_rows->failure;
    return db->engine->query(db, out_rows, sql, args, arg_count);
}

bool sql_next(struct sql_rows *rows)
{
    return rows->failure == ERR_NONE && rows->statement != NULL && rows->db->engine->next(rows);
}

enum err sql_end(struct sql_rows *rows)
{
    if (rows->statement != NULL)
        rows->db->engine->end(rows);
    return rows->failure;
}

bool sql_is_null(const struct sql_rows *rows, int column)
{
    return rows->db->engine->type(rows, column) == SQL_TYPE_NULL;
}

int64_t sql_int(const struct sql_rows *rows, int column)
{
    return rows->db->engine->integer(rows, column);
}

double sql_real(const struct sql_rows *rows, int column)
{
    return rows->db->engine->real(rows, column);
}

const char *sql_text(const struct sql_rows *rows, int column)
{
    return rows->db->engine->text(rows, column);
}

const void *sql_blob(const struct sql_rows *rows, int column, size_t *out_len)
{
    return rows->db->engine->blob(rows, column, out_len);
}

enum err sql_run_args(struct db *db, int64_t *out_changed, const char *sql,
                      const struct sql_value *args, size_t arg_count)
{
    assert(arg_count <= SQL_ARGS_MAX);
    TRY(ready(db));
    return db->engine->run(db, out_changed, sql, args, arg_count);
}

enum err sql_one_int_args(struct db *db, int64_t *out, const char *sql,
                          const struct sql_value *args, size_t arg_count)
{
    struct sql_rows rows;
    TRY(sql_query_args(db, &rows, sql, args, arg_count));
    int64_t found = 0;
    bool is_found = sql_next(&rows);
    if (is_found)
        found = sql_int(&rows, 0);
    TRY(sql_end(&rows));
    if (!is_found)
        return ERR_NOT_FOUND;
    *out = found;
    return ERR_NONE;
}

const char *sql_failure(const struct db *db)
{
    return db->words;
}
