// SPDX-License-Identifier: Apache-2.0
#include "base/lock.h"
#include "store/place_test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static const struct store_migration family_migrations[] = {
    {1, "CREATE TABLE person (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES person(id),"
        " name TEXT, height DOUBLE PRECISION, picture BYTEA);"
        "CREATE TABLE account (id BIGINT PRIMARY KEY, owner BIGINT NOT NULL REFERENCES person(id),"
        " cents BIGINT NOT NULL)"},
};
static const struct store_module family_module = {"family", family_migrations, 1};

/* Moves money: the sum over all accounts never changes within a snapshot. */
struct mover {
    struct store *store;
    struct thread thread;
    atomic_bool is_stopping;
    int64_t moves;
};

static enum err move_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    int64_t *moves = context;
    TRY(sql_run(db, "UPDATE account SET cents = cents - 1 WHERE id = $1", SQL_INT(*moves % 50)));
    TRY(sql_run(db, "UPDATE account SET cents = cents + 1 WHERE id = $1",
                SQL_INT(49 - *moves % 50)));
    struct stream_append append = {
        .stream = "moves", .key = "k", .kind = "move", .body = "a\0b", .body_len = 3};
    ++*moves;
    return stream_append(db, &append, NULL);
}

static void *mover_run(void *context)
{
    struct mover *mover = context;
    while (!atomic_load(&mover->is_stopping))
        CHECK_INT(store_write(mover->store, move_run, &mover->moves, NULL), ERR_NONE);
    return NULL;
}

static enum err fill_run(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    (void)note;
    /* The child's number is lower than its parent's: references point forward in the table. */
    TRY(sql_run(db, "INSERT INTO person (id, name, height, picture) VALUES (9, $1, $2, $3)",
                SQL_TEXT("Zo\xc3\xab"), SQL_REAL(1.75), SQL_BLOB("\0\1\2", 3)));
    TRY(sql_run(db, "INSERT INTO person (id, parent) VALUES (1, 9)"));
    for (int64_t i = 0; i < 50; i++)
        TRY(sql_run(db, "INSERT INTO account (id, owner, cents) VALUES ($1, 9, 100)", SQL_INT(i)));
    return ERR_NONE;
}

static int64_t ask(struct store *store, const char *sql)
{
    struct db *db = store_reader_take(store);
    int64_t value = -1;
    enum err err = sql_one_int(db, &value, sql);
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return value;
}

static void check_restored(struct store *store, int64_t moves_before)
{
    CHECK_INT(ask(store, "SELECT SUM(cents) FROM account"), 5000);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM account"), 50);
    CHECK_INT(ask(store, "SELECT parent FROM person WHERE id = 1"), 9);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM person WHERE name = 'Zo\xc3\xab' AND height = 1.75"
                         " AND LENGTH(picture) = 3"),
              1);
    int64_t records = place_record_count(store, "moves");
    CHECK(records >= moves_before);
    CHECK_INT(ask(store, "SELECT COALESCE(MAX(position), 0) FROM store_record"), records);
    int64_t moves = 0;
    CHECK_INT(store_write(store, move_run, &moves, NULL), ERR_NONE);
    CHECK_INT(place_record_count(store, "moves"), records + 1);
    CHECK_INT(place_write(store, "INSERT INTO account (id, owner, cents) VALUES (99, 77, 0)"),
              ERR_CONFLICT);
}

static struct store_options options_at(const struct place *place)
{
    return (struct store_options){
        .name = place->name, .url = place->url, .modules = &family_module, .module_count = 1};
}

static void restore(const struct place *place, const char *path)
{
    struct store_options options = options_at(place);
    struct err_note note = {0};
    enum err err = store_restore(&options, path, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
    CHECK_INT(store_restore(&options, path, &note), ERR_CONFLICT); /* never over what is there */
}

enum way { BY_BACKUP, BY_DUMP };

static int64_t copy_under_writes(const struct place *place, const char *path, enum way way)
{
    SCOPED(store) store = place_open(place, &family_module, 1);
    CHECK_INT(store_write(store, fill_run, NULL, NULL), ERR_NONE);
    struct mover mover = {.store = store};
    thread_start(&mover.thread, "mover", mover_run, &mover);
    while (place_record_count(store, "moves") < 300)
        continue;
    int64_t moves = place_record_count(store, "moves");
    struct err_note note = {0};
    enum err err =
        way == BY_BACKUP ? store_backup(store, path, &note) : store_dump(store, path, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
    struct store_options options = options_at(place);
    char second[4200];
    (void)snprintf(second, sizeof second, "%s-beside", path);
    CHECK_INT(store_backup_at(&options, second, &note), ERR_NONE);
    CHECK_INT(store_backup(store, path, &note), ERR_CONFLICT); /* never over what is there */
    atomic_store(&mover.is_stopping, true);
    thread_join(&mover.thread);
    return moves;
}

ON_BOTH_ENGINES(a_backup_under_writes_is_one_moment_and_comes_back)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/copy", test_folder());
    int64_t moves = copy_under_writes(place, path, BY_BACKUP);
    struct place other = *place;
    (void)snprintf(other.name, sizeof other.name, "%.20s-back", place->name);
    restore(&other, path);
    SCOPED(store) store = place_open(&other, &family_module, 1);
    check_restored(store, moves);
}

ON_BOTH_ENGINES(a_dump_comes_back_in_the_other_engine)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/dump", test_folder());
    int64_t moves = copy_under_writes(place, path, BY_DUMP);
    struct place other =
        strncmp(place->url, "sqlite:", 7) == 0 ? *place_postgres() : *place_sqlite();
    restore(&other, path);
    SCOPED(store) store = place_open(&other, &family_module, 1);
    check_restored(store, moves);
}

static void damage(const char *path, long at, bool is_cut)
{
    FILE *file = fopen(path, "r+b");
    CHECK(file != NULL && fseek(file, at, at < 0 ? SEEK_END : SEEK_SET) == 0);
    long place = ftell(file);
    int byte = fgetc(file);
    CHECK(fseek(file, place, SEEK_SET) == 0 && fputc(byte ^ 1, file) != EOF);
    CHECK(fclose(file) == 0);
    if (is_cut)
        CHECK(truncate(path, place) == 0);
}

ON_BOTH_ENGINES(a_damaged_dump_is_refused_and_leaves_nothing)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/dump", test_folder());
    {
        SCOPED(store) store = place_open(place, &family_module, 1);
        CHECK_INT(store_write(store, fill_run, NULL, NULL), ERR_NONE);
        CHECK_INT(store_dump(store, path, NULL), ERR_NONE);
    }
    struct place other = *place;
    (void)snprintf(other.name, sizeof other.name, "%.20s-back", place->name);
    struct store_options options = options_at(&other);
    struct err_note note = {0};
    damage(path, -40, false); /* somewhere within a row */
    CHECK_INT(store_restore(&options, path, &note), ERR_CORRUPT);
    damage(path, -1, true);
    CHECK_INT(store_restore(&options, path, &note), ERR_CORRUPT);
    damage(path, 0, false);
    CHECK_INT(store_restore(&options, path, &note), ERR_MALFORMED);
    SCOPED(store) store = place_open(&other, &family_module, 1);
    CHECK_INT(ask(store, "SELECT COUNT(*) FROM account"), 0);
}
