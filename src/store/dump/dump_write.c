// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"
#include "base/text.h"
#include "store/dump/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FETCH_ROWS  200
#define COLUMNS_MAX SQL_ARGS_MAX
#define TABLES_MAX  512

struct out {
    FILE *file;
    uint32_t crc;
    int64_t rows;
    bool has_failed;
};

static void put(struct out *out, const void *bytes, size_t len)
{
    out->crc = crc32c(out->crc, bytes, len);
    if (len > 0 && fwrite(bytes, 1, len, out->file) != len)
        out->has_failed = true;
}

static void put_byte(struct out *out, char byte)
{
    put(out, &byte, 1);
}

static void put_number(struct out *out, uint64_t number, size_t size)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    put(out, bytes, size);
}

static void put_bytes(struct out *out, const void *bytes, size_t len)
{
    put_number(out, len, 4);
    put(out, bytes, len);
}

static void put_value(struct out *out, const struct sql_rows *rows, int column)
{
    size_t len;
    const void *bytes;
    double real;
    uint64_t bits;
    switch (rows->db->engine->type(rows, column)) {
    case SQL_TYPE_INT:
        put_byte(out, 'i');
        put_number(out, (uint64_t)sql_int(rows, column), 8);
        return;
    case SQL_TYPE_REAL:
        put_byte(out, 'r');
        real = sql_real(rows, column);
        memcpy(&bits, &real, sizeof bits);
        put_number(out, bits, 8);
        return;
    case SQL_TYPE_TEXT:
        put_byte(out, 't');
        put_bytes(out, sql_text(rows, column), strlen(sql_text(rows, column)));
        return;
    case SQL_TYPE_BLOB:
        put_byte(out, 'b');
        bytes = sql_blob(rows, column, &len);
        put_bytes(out, bytes, len);
        return;
    case SQL_TYPE_NULL:
    default:
        put_byte(out, 'n');
        return;
    }
}

struct names {
    char *names[TABLES_MAX];
    size_t count;
};

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->names[i]);
}
#define SCOPED_NAMES __attribute__((cleanup(names_fini))) struct names

static enum err read_names(struct db *db, struct names *names, const char *sql,
                           const char *argument)
{
    struct sql_rows rows;
    if (argument == NULL)
        TRY(sql_query(db, &rows, sql));
    else
        TRY(sql_query(db, &rows, sql, SQL_TEXT(argument)));
    while (names->count < TABLES_MAX && sql_next(&rows))
        names->names[names->count++] = mem_text(sql_text(&rows, 0));
    return sql_end(&rows);
}

/* Without what belongs to a running process. */
static enum err read_tables(struct db *db, struct names *names)
{
    const char *sql = db_is_sqlite(db)
                          ? "SELECT name FROM sqlite_schema WHERE type = 'table'"
                            " AND name NOT LIKE 'sqlite_%' AND name NOT IN"
                            " ('store_migration', 'store_marker', 'store_member') ORDER BY name"
                          : "SELECT table_name FROM information_schema.tables"
                            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
                            " AND table_name NOT IN"
                            " ('store_migration', 'store_marker', 'store_member')"
                            " ORDER BY table_name";
    return read_names(db, names, sql, NULL);
}

static enum err read_columns(struct db *db, const char *table, struct names *names)
{
    return read_names(db, names,
                      db_is_sqlite(db)
                          ? "SELECT name FROM pragma_table_info($1) ORDER BY cid"
                          : "SELECT column_name FROM information_schema.columns"
                            " WHERE table_schema = current_schema() AND table_name = $1"
                            " ORDER BY ordinal_position",
                      table);
}

static enum err put_rows(struct db *db, struct out *out, const char *sql, int columns,
                         int64_t *out_count)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, sql));
    *out_count = 0;
    while (sql_next(&rows)) {
        put_byte(out, 'R');
        for (int i = 0; i < columns; i++)
            put_value(out, &rows, i);
        ++*out_count;
    }
    out->rows += *out_count;
    return sql_end(&rows);
}

/* SQLite yields row by row; PostgreSQL would send everything at once, so it gets a cursor. */
static enum err put_table_rows(struct db *db, struct out *out, const char *select, int columns)
{
    int64_t count = 0;
    if (db_is_sqlite(db))
        return put_rows(db, out, select, columns, &count);
    SCOPED_TEXT sql;
    text_init(&sql, 65536);
    text_addf(&sql, "DECLARE dump NO SCROLL CURSOR FOR %s", select);
    TRY(sql_script(db, sql.bytes));
    char fetch[48];
    (void)snprintf(fetch, sizeof fetch, "FETCH %d FROM dump", FETCH_ROWS);
    do {
        /* Not kept prepared: the next table's rows have other columns under the same text. */
        TRY(put_rows(db, out, fetch, columns, &count));
        sql_forget_statements(db);
    } while (count == FETCH_ROWS && !out->has_failed);
    return sql_script(db, "CLOSE dump");
}

static enum err put_table(struct db *db, struct out *out, const char *table)
{
    SCOPED_NAMES columns = {0};
    TRY(read_columns(db, table, &columns));
    assert(columns.count > 0 && columns.count <= COLUMNS_MAX);
    put_byte(out, 'T');
    put_bytes(out, table, strlen(table));
    put_number(out, columns.count, 4);
    SCOPED_TEXT select;
    text_init(&select, 32768);
    text_add(&select, "SELECT ");
    for (size_t i = 0; i < columns.count; i++) {
        put_bytes(out, columns.names[i], strlen(columns.names[i]));
        text_addf(&select, "%s\"%s\"", i == 0 ? "" : ", ", columns.names[i]);
    }
    text_addf(&select, " FROM \"%s\"", table);
    assert(!select.overflowed);
    return put_table_rows(db, out, select.bytes, (int)columns.count);
}

static enum err put_levels(struct db *db, struct out *out)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT module, MAX(number) FROM store_migration GROUP BY module"
                  " ORDER BY module"));
    while (sql_next(&rows)) {
        put_byte(out, 'L');
        put_bytes(out, sql_text(&rows, 0), strlen(sql_text(&rows, 0)));
        put_number(out, (uint64_t)sql_int(&rows, 1), 8);
    }
    return sql_end(&rows);
}

static enum err put_all(struct db *db, struct out *out)
{
    SCOPED_NAMES tables = {0};
    put(out, DUMP_MAGIC, DUMP_MAGIC_LEN);
    TRY(put_levels(db, out));
    TRY(read_tables(db, &tables));
    for (size_t i = 0; i < tables.count; i++)
        TRY(put_table(db, out, tables.names[i]));
    put_byte(out, 'E');
    put_number(out, (uint64_t)out->rows, 8);
    put_number(out, out->crc, 4);
    return ERR_NONE;
}

enum err dump_write(struct db *db, const char *path, struct err_note *note)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct out out = {.file = fd < 0 ? NULL : fdopen(fd, "wb")};
    if (out.file == NULL)
        return err_set(note, errno == EEXIST ? ERR_CONFLICT : ERR_IO, path, "Cannot be made: %s.",
                       strerror(errno));
    enum err err = put_all(db, &out);
    if (err != ERR_NONE)
        (void)err_set(note, err, path, "The tables cannot be read: %s.", db->words);
    else if (out.has_failed || fflush(out.file) != 0 || fsync(fileno(out.file)) != 0)
        err = err_set(note, ERR_IO, path, "Cannot be written: %s.", strerror(errno));
    if (fclose(out.file) != 0 && err == ERR_NONE)
        err = err_set(note, ERR_IO, path, "Cannot be written: %s.", strerror(errno));
    return err;
}
