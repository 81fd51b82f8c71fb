// SPDX-License-Identifier: Apache-2.0
/* Backup and restore. A copy is written under another name, synced, and only then gets its own:
 * what is there under the name is complete. SQLite's online backup reads one snapshot in one step,
 * which in WAL mode keeps no writer waiting; the WAL cannot start anew until it is done. */
#include "store/dump/dump.h"
#include "store/sql/url.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include <sqlite3.h>

#define SQLITE_MAGIC "SQLite format 3"

static void partial_name(char *out, size_t size, const char *path)
{
    (void)snprintf(out, size, "%s.partial", path);
}

/* link() rather than rename(): it refuses to replace a file that is there. */
static enum err publish_file(const char *partial, const char *path, struct err_note *note)
{
    SCOPED_MEM char *copy = mem_text(path);
    if (link(partial, path) != 0)
        return err_set(note, errno == EEXIST ? ERR_CONFLICT : ERR_IO, path, "Cannot be made: %s.",
                       strerror(errno));
    (void)unlink(partial); /* a second name of the same file */
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd); /* only read */
    return is_synced ? ERR_NONE : err_set(note, ERR_IO, path, "Not on disk: %s.", strerror(errno));
}

static enum err copy_sqlite(struct db *from, struct db *to, const char *path, struct err_note *note)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    int code = backup == NULL ? sqlite3_errcode(to->handle) : sqlite3_backup_step(backup, -1);
    if (backup != NULL)
        (void)sqlite3_backup_finish(backup); /* repeats the step's result */
    if (code != SQLITE_DONE)
        return err_set(note, (code & 0xff) == SQLITE_FULL ? ERR_BUSY : ERR_IO, path,
                       "The copy failed: %s.", sqlite3_errstr(code));
    int64_t broken = 0;
    enum err err = sql_one_int(to, &broken,
                               "SELECT COUNT(*) FROM pragma_quick_check WHERE quick_check <> 'ok'");
    if (err != ERR_NONE || broken > 0)
        return err_set(note, ERR_CORRUPT, path, "The copy does not pass SQLite's check.");
    /* One file that needs no log beside it. */
    if (sql_script(to, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE") != ERR_NONE)
        return err_set(note, ERR_IO, path, "The copy failed: %s.", to->words);
    return ERR_NONE;
}

static void remove_sqlite(const char *path)
{
    static const char *const ENDS[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
        char name[4300];
        (void)snprintf(name, sizeof name, "%s%s", path, ENDS[i]);
        (void)unlink(name); /* most are not there */
    }
}

static enum err copy_file(const char *from_path, const char *to_path, struct err_note *note)
{
    char partial[4200];
    partial_name(partial, sizeof partial, to_path);
    remove_sqlite(partial); /* of a try that was cut off */
    enum err err;
    {
        SCOPED(db) from = NULL;
        SCOPED(db) to = NULL;
        err = sqlite_connect(from_path, SQLITE_USE_READER, &from, note);
        if (err == ERR_NONE)
            err = sqlite_connect(partial, SQLITE_USE_READER, &to, note);
        if (err == ERR_NONE)
            err = copy_sqlite(from, to, to_path, note);
    }
    if (err == ERR_NONE)
        err = publish_file(partial, to_path, note);
    if (err != ERR_NONE)
        remove_sqlite(partial);
    return err;
}

static enum err dump_snapshot(struct db *db, const char *path, struct err_note *note)
{
    char partial[4200];
    partial_name(partial, sizeof partial, path);
    (void)unlink(partial); /* of a try that was cut off */
    enum err err = sql_script(
        db, db_is_sqlite(db) ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (err == ERR_NONE)
        err = dump_write(db, partial, note);
    else
        (void)err_set(note, err, path, "The tables cannot be read: %s.", db->words);
    if (db->harm != SQL_HARM_CONNECTION) {
        sql_unit_begin(db);
        (void)sql_script(db, "ROLLBACK"); /* nothing was written */
    }
    if (err == ERR_NONE)
        err = publish_file(partial, path, note);
    if (err != ERR_NONE)
        (void)unlink(partial); /* may not be there */
    return err;
}

enum err store_dump(struct store *store, const char *path, struct err_note *note)
{
    SCOPED(db) db = NULL; /* of its own: a pooled one may be needed meanwhile */
    TRY(store_connect(store, false, &db, note));
    return dump_snapshot(db, path, note);
}

enum err store_backup(struct store *store, const char *path, struct err_note *note)
{
    return store->is_postgres ? store_dump(store, path, note) : copy_file(store->path, path, note);
}

enum err store_backup_at(const struct store_options *options, const char *path,
                         struct err_note *note)
{
    if (url_kind_of(options->url) == URL_POSTGRES) {
        SCOPED(db) db = NULL;
        TRY(postgres_connect(options->url, options->name, POSTGRES_USE_READER, &db, note));
        return dump_snapshot(db, path, note);
    }
    SCOPED_MEM char *file = url_file(options->url, options->name);
    if (access(file, R_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, file, "There is no database: %s.", strerror(errno));
    return copy_file(file, path, note);
}

static bool is_sqlite_file(const char *path)
{
    char magic[sizeof SQLITE_MAGIC] = {0};
    FILE *file = fopen(path, "rbe");
    bool is_one = file != NULL && fread(magic, 1, sizeof magic, file) == sizeof magic &&
                  memcmp(magic, SQLITE_MAGIC, sizeof magic) == 0;
    if (file != NULL)
        (void)fclose(file); /* only read */
    return is_one;
}

static enum err read_into_file(const struct store_options *options, const char *from_path,
                               const char *to_path, struct err_note *note)
{
    char partial[4200];
    partial_name(partial, sizeof partial, to_path);
    remove_sqlite(partial);
    SCOPED(db) db = NULL;
    enum err err = sqlite_connect(partial, SQLITE_USE_READER, &db, note);
    if (err == ERR_NONE)
        err = dump_read(db, options, from_path, note);
    db_close(TAKE(db)); /* checkpoints, and removes its log */
    if (err == ERR_NONE)
        err = publish_file(partial, to_path, note);
    if (err != ERR_NONE)
        remove_sqlite(partial);
    return err;
}

static enum err restore_sqlite(const struct store_options *options, const char *path,
                               struct err_note *note)
{
    TRY(url_make_folder(options->url, note));
    SCOPED_MEM char *file = url_file(options->url, options->name);
    if (access(file, F_OK) == 0)
        return err_set(note, ERR_CONFLICT, file,
                       "There is a database already; move it away first.");
    if (is_sqlite_file(path))
        return copy_file(path, file, note);
    return read_into_file(options, path, file, note);
}

static enum err restore_postgres(const struct store_options *options, const char *path,
                                 struct err_note *note)
{
    if (is_sqlite_file(path))
        return err_set(note, ERR_UNSUPPORTED, path,
                       "It is SQLite's own file: restore it into "
                       "sqlite:FOLDER, and dump it from there.");
    TRY(postgres_make_schema(options->url, options->name, note));
    SCOPED(db) db = NULL;
    TRY(postgres_connect(options->url, options->name, POSTGRES_USE_READER, &db, note));
    int64_t tables = 0;
    enum err err = sql_one_int(db, &tables,
                               "SELECT COUNT(*) FROM information_schema.tables"
                               " WHERE table_schema = current_schema()");
    if (err == ERR_NONE && tables > 0)
        return err_set(note, ERR_CONFLICT, options->name,
                       "There is such a schema already; rename or drop it first.");
    if (err == ERR_NONE)
        err = dump_read(db, options, path, note);
    if (err == ERR_NONE || db->harm == SQL_HARM_CONNECTION)
        return err;
    char sql[256];
    (void)snprintf(sql, sizeof sql, "ROLLBACK; DROP SCHEMA \"%s\" CASCADE", options->name);
    sql_unit_begin(db);
    (void)sql_script(db, sql); /* what is left of it would be in the way of the next try */
    return err;
}

enum err store_restore(const struct store_options *options, const char *path, struct err_note *note)
{
    if (access(path, R_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, path, "Cannot be read: %s.", strerror(errno));
    switch (url_kind_of(options->url)) {
    case URL_SQLITE:
        return restore_sqlite(options, path, note);
    case URL_POSTGRES:
        return restore_postgres(options, path, note);
    case URL_UNKNOWN:
    default:
        return err_set(note, ERR_INVALID, "store", "\"%s\" is no database.", options->url);
    }
}
