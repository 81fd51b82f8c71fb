// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"
#include "base/text.h"
#include "store/dump/dump.h"
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>

#define LEVELS_MAX 64
#define VALUE_MAX  (256u * 1024 * 1024)

struct in {
    FILE *file;
    const char *path;
    uint32_t crc;
    int64_t rows;
    struct migration_level levels[LEVELS_MAX];
    size_t level_count;
    struct text insert; /* for rows of the last table */
    size_t columns;
    struct sql_value values[SQL_ARGS_MAX];
    char *owned[SQL_ARGS_MAX];
};

static bool get(struct in *in, void *bytes, size_t len)
{
    if (len > 0 && fread(bytes, 1, len, in->file) != len)
        return false;
    in->crc = crc32c(in->crc, bytes, len);
    return true;
}

static bool get_number(struct in *in, uint64_t *out_number, size_t size)
{
    unsigned char bytes[8];
    if (!get(in, bytes, size))
        return false;
    *out_number = 0;
    for (size_t i = 0; i < size; i++)
        *out_number |= (uint64_t)bytes[i] << (8 * i);
    return true;
}

/* Terminated; the caller owns it. */
static bool get_bytes(struct in *in, char **out_bytes, size_t *out_len)
{
    uint64_t len;
    if (!get_number(in, &len, 4) || len > VALUE_MAX)
        return false;
    SCOPED_MEM char *bytes = mem_try(len + 1);
    if (bytes == NULL || !get(in, bytes, len))
        return false;
    *out_len = len;
    *out_bytes = TAKE(bytes);
    return true;
}

static void drop_values(struct in *in)
{
    for (size_t i = 0; i < SQL_ARGS_MAX; i++) {
        mem_free(in->owned[i]);
        in->owned[i] = NULL;
    }
}

static bool get_value(struct in *in, size_t i)
{
    char kind;
    uint64_t bits;
    size_t len;
    double real;
    if (!get(in, &kind, 1))
        return false;
    switch (kind) {
    case 'n':
        in->values[i] = SQL_NULL;
        return true;
    case 'i':
    case 'r':
        if (!get_number(in, &bits, 8))
            return false;
        memcpy(&real, &bits, sizeof real);
        in->values[i] = kind == 'i' ? SQL_INT((int64_t)bits) : SQL_REAL(real);
        return true;
    case 't':
    case 'b':
        if (!get_bytes(in, &in->owned[i], &len))
            return false;
        in->values[i] = kind == 't' ? SQL_TEXT(in->owned[i]) : SQL_BLOB(in->owned[i], len);
        return true;
    default:
        return false;
    }
}

static enum err corrupt(const struct in *in, struct err_note *note)
{
    return err_set(note, ERR_CORRUPT, in->path,
                   "The dump is damaged or cut off near byte %ld; use another copy.",
                   ftell(in->file));
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strpbrk(name, "\"\\;") == NULL && strlen(name) < 128;
}

static bool get_table(struct in *in)
{
    uint64_t count;
    size_t len;
    SCOPED_MEM char *table = NULL;
    if (!get_bytes(in, &table, &len) || !is_name(table) || !get_number(in, &count, 4) ||
        count == 0 || count > SQL_ARGS_MAX)
        return false;
    text_clear(&in->insert);
    text_addf(&in->insert, "INSERT INTO \"%s\" (", table);
    for (uint64_t i = 0; i < count; i++) {
        SCOPED_MEM char *column = NULL;
        if (!get_bytes(in, &column, &len) || !is_name(column))
            return false;
        text_addf(&in->insert, "%s\"%s\"", i == 0 ? "" : ", ", column);
    }
    text_add(&in->insert, ") VALUES (");
    for (uint64_t i = 1; i <= count; i++)
        text_addf(&in->insert, "%s$%d", i == 1 ? "" : ", ", (int)i);
    text_add(&in->insert, ")");
    in->columns = count;
    return !in->insert.overflowed;
}

static bool get_level(struct in *in)
{
    uint64_t number;
    size_t len;
    SCOPED_MEM char *module = NULL;
    if (in->level_count == LEVELS_MAX || !get_bytes(in, &module, &len) ||
        !get_number(in, &number, 8))
        return false;
    struct migration_level *level = &in->levels[in->level_count++];
    level->number = (int64_t)number;
    return text_copy(level->module, sizeof level->module, module);
}

static enum err get_row(struct in *in, struct db *db, struct err_note *note)
{
    for (size_t i = 0; i < in->columns; i++) {
        if (!get_value(in, i)) {
            drop_values(in);
            return corrupt(in, note);
        }
    }
    enum err err = sql_run_args(db, NULL, in->insert.bytes, in->values, in->columns);
    drop_values(in);
    in->rows++;
    if (err != ERR_NONE)
        return err_set(note, err, in->path, "Row %lld cannot be stored: %s.", (long long)in->rows,
                       db->words);
    return ERR_NONE;
}

static bool get_end(struct in *in)
{
    uint64_t rows, crc;
    if (!get_number(in, &rows, 8))
        return false;
    uint32_t expected = in->crc;
    return get_number(in, &crc, 4) && crc == expected && rows == (uint64_t)in->rows &&
           fgetc(in->file) == EOF;
}

/* *out_tag is what follows the levels. */
static enum err get_head(struct in *in, char *out_tag, struct err_note *note)
{
    char magic[DUMP_MAGIC_LEN];
    if (!get(in, magic, sizeof magic) || memcmp(magic, DUMP_MAGIC, sizeof magic) != 0)
        return err_set(note, ERR_MALFORMED, in->path, "This is no backup of Muster's.");
    for (;;) {
        if (!get(in, out_tag, 1))
            return corrupt(in, note);
        if (*out_tag != 'L')
            return ERR_NONE;
        if (!get_level(in))
            return corrupt(in, note);
    }
}

static enum err get_tables(struct in *in, struct db *db, char tag, struct err_note *note)
{
    for (;;) {
        if (tag == 'E')
            return get_end(in) ? ERR_NONE : corrupt(in, note);
        if (tag == 'R' && in->columns > 0)
            TRY(get_row(in, db, note));
        else if (tag != 'T' || !get_table(in))
            return corrupt(in, note);
        if (!get(in, &tag, 1))
            return corrupt(in, note);
    }
}

/* Rows come table by table, so references are checked when all are there. PostgreSQL: the
 * constraints are taken off and put back; SQLite: not looked at until the end. */
struct constraints {
    struct text drop, add;
};

static enum err constraints_read(struct db *db, struct constraints *constraints)
{
    text_init(&constraints->drop, 1024 * 1024);
    text_init(&constraints->add, 1024 * 1024);
    if (db_is_sqlite(db))
        return sql_script(db, "PRAGMA foreign_keys=OFF");
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)"
                  " FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace"
                  " WHERE c.contype = 'f' AND n.nspname = current_schema()"));
    while (sql_next(&rows)) {
        const char *table = sql_text(&rows, 0), *name = sql_text(&rows, 1);
        text_addf(&constraints->drop, "ALTER TABLE %s DROP CONSTRAINT \"%s\";", table, name);
        text_addf(&constraints->add, "ALTER TABLE %s ADD CONSTRAINT \"%s\" %s;", table, name,
                  sql_text(&rows, 2));
    }
    assert(!constraints->add.overflowed);
    return sql_end(&rows);
}

static enum err constraints_check(struct db *db, const struct constraints *constraints)
{
    if (!db_is_sqlite(db))
        return constraints->add.len == 0 ? ERR_NONE : sql_script(db, constraints->add.bytes);
    int64_t broken = 0;
    TRY(sql_one_int(db, &broken, "SELECT COUNT(*) FROM pragma_foreign_key_check"));
    if (broken > 0)
        return sql_fail(db, ERR_CORRUPT, SQL_HARM_STATEMENT, "rows refer to rows that are missing");
    return ERR_NONE;
}

static enum err fill(struct in *in, struct db *db, char tag, struct err_note *note)
{
    struct constraints constraints;
    enum err err = constraints_read(db, &constraints);
    if (err == ERR_NONE)
        err = sql_script(db, "BEGIN");
    if (err == ERR_NONE && constraints.drop.len > 0)
        err = sql_script(db, constraints.drop.bytes);
    if (err == ERR_NONE)
        err = get_tables(in, db, tag, note);
    if (err == ERR_NONE)
        err = sql_script(db, "UPDATE store_consumer SET owner = 0"); /* its process is not here */
    if (err == ERR_NONE)
        err = constraints_check(db, &constraints);
    if (err == ERR_NONE)
        err = sql_script(db, "COMMIT");
    if (err != ERR_NONE && note != NULL && note->detail[0] == '\0')
        (void)err_set(note, err, in->path, "The tables cannot be filled: %s.", db->words);
    text_fini(&constraints.drop);
    text_fini(&constraints.add);
    return err;
}

static enum err check_levels(const struct in *in, const struct store_options *options,
                             struct err_note *note)
{
    for (size_t i = 0; i < in->level_count; i++) {
        const struct migration_level *level = &in->levels[i];
        int64_t known = strcmp(level->module, "store") == 0 ? INT64_MAX : -1;
        for (size_t k = 0; k < options->module_count; k++) {
            if (strcmp(options->modules[k].name, level->module) == 0)
                known = (int64_t)options->modules[k].migration_count;
        }
        if (level->number > known)
            return err_set(note, ERR_CONFLICT, in->path,
                           "It was made by a newer Muster (%s %lld); restore it with that one.",
                           level->module, (long long)level->number);
    }
    return ERR_NONE;
}

enum err dump_read(struct db *db, const struct store_options *options, const char *path,
                   struct err_note *note)
{
    SCOPED_MEM struct in *in = mem_new(sizeof *in);
    in->path = path;
    in->file = fopen(path, "rbe");
    if (in->file == NULL)
        return err_set(note, ERR_NOT_FOUND, path, "Cannot be opened: %s.", strerror(errno));
    text_init(&in->insert, 65536);
    char tag = 0;
    enum err err = get_head(in, &tag, note);
    if (err == ERR_NONE)
        err = check_levels(in, options, note);
    if (err == ERR_NONE)
        err = migrate_to(db, options->modules, options->module_count, in->levels, in->level_count,
                         note);
    if (err == ERR_NONE)
        err = fill(in, db, tag, note);
    text_fini(&in->insert);
    (void)fclose(in->file); /* only read */
    return err;
}
