// SPDX-License-Identifier: Apache-2.0
/* Migrations: forward, numbered from 1, a module's new ones in one transaction. A database that
 * knows more than this program is left alone: an older program would damage it. */
#include "base/clock.h"
#include "store/store_internal.h"

/* The same text for both engines, except for what only PostgreSQL has. SQLite keeps record bodies
 * in an ordinary table with a second, small index: every commit appends to one place of the
 * file. */
static const struct store_migration store_migrations[] = {
    {1, "CREATE TABLE store_record (stream TEXT NOT NULL, shard BIGINT NOT NULL,"
        " position BIGINT NOT NULL, at_ms BIGINT NOT NULL, bytes_total BIGINT NOT NULL,"
        " key TEXT NOT NULL, kind TEXT NOT NULL, body BYTEA NOT NULL,"
        " PRIMARY KEY (stream, shard, position));"
        "CREATE TABLE store_shard (stream TEXT NOT NULL, shard BIGINT NOT NULL,"
        " removed_to BIGINT NOT NULL, removed_bytes BIGINT NOT NULL, PRIMARY KEY (stream, shard));"
        "CREATE TABLE store_consumer (consumer TEXT NOT NULL, stream TEXT NOT NULL,"
        " shard BIGINT NOT NULL, position BIGINT NOT NULL, owner BIGINT NOT NULL,"
        " beat BIGINT NOT NULL, PRIMARY KEY (consumer, stream, shard));"
        "CREATE TABLE store_member (consumer TEXT NOT NULL, stream TEXT NOT NULL,"
        " owner BIGINT NOT NULL, beat BIGINT NOT NULL, PRIMARY KEY (consumer, stream, owner));"
        "CREATE TABLE store_hold (stream TEXT NOT NULL, consumer TEXT NOT NULL,"
        " shard BIGINT NOT NULL, position BIGINT NOT NULL,"
        " PRIMARY KEY (stream, consumer, shard));"
        "CREATE TABLE store_dead_letter (consumer TEXT NOT NULL, stream TEXT NOT NULL,"
        " shard BIGINT NOT NULL, position BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
        " record_at_ms BIGINT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, body BYTEA NOT NULL,"
        " reason TEXT NOT NULL, PRIMARY KEY (consumer, stream, shard, position));"
        "CREATE TABLE store_marker (writer BIGINT NOT NULL PRIMARY KEY, serial BIGINT NOT NULL,"
        " at_ms BIGINT NOT NULL);"},
    {2, "ALTER TABLE store_hold ADD COLUMN beat BIGINT NOT NULL DEFAULT 0"},
};
static const struct store_module store_module = {
    .name = "store",
    .migrations = store_migrations,
    .migration_count = COUNT_OF(store_migrations),
};

static const char OWN_TABLE[] = "CREATE TABLE IF NOT EXISTS store_migration (module TEXT NOT NULL,"
                                " number BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
                                " PRIMARY KEY (module, number))";

static enum err last_number(struct db *db, const char *module, int64_t *out_number)
{
    return sql_one_int(db, out_number,
                       "SELECT COALESCE(MAX(number), 0) FROM store_migration WHERE module = $1",
                       SQL_TEXT(module));
}

static enum err apply_one(struct db *db, const struct store_module *module,
                          const struct store_migration *migration)
{
    TRY(sql_script(db, migration->sql));
    return sql_run(db, "INSERT INTO store_migration (module, number, at_ms) VALUES ($1, $2, $3)",
                   SQL_TEXT(module->name), SQL_INT(migration->number), SQL_INT(clock_now_ms()));
}

static enum err apply_new(struct db *db, const struct store_module *module, int64_t last,
                          int64_t number_max)
{
    for (size_t i = 0; i < module->migration_count; i++) {
        const struct store_migration *migration = &module->migrations[i];
        assert(migration->number == (int)i + 1);
        if (migration->number > last && migration->number <= number_max)
            TRY(apply_one(db, module, migration));
    }
    return ERR_NONE;
}

static enum err migrate_module(struct db *db, const struct store_module *module, int64_t number_max,
                               struct err_note *note)
{
    int64_t last = 0;
    sql_unit_begin(db);
    enum err err = last_number(db, module->name, &last);
    if (err == ERR_NONE && last > (int64_t)module->migration_count)
        return err_set(note, ERR_CONFLICT, module->name,
                       "The database was made by a newer Muster (%s %lld, this one knows %zu). "
                       "Start that version, or restore an older backup.",
                       module->name, (long long)last, module->migration_count);
    if (err == ERR_NONE)
        err = sql_script(db, "BEGIN");
    if (err == ERR_NONE)
        err = apply_new(db, module, last, number_max);
    if (err == ERR_NONE)
        err = sql_script(db, "COMMIT");
    if (err == ERR_NONE)
        return ERR_NONE;
    char words[SQL_FAILURE_SIZE];
    memcpy(words, db->words, sizeof words);
    (void)sql_script(db, "ROLLBACK"); /* SQLite may have done so already */
    sql_unit_begin(db);
    return err_set(note, err, module->name, "The tables of %s cannot be migrated from %lld: %s.",
                   module->name, (long long)last, words);
}

static int64_t level_of(const struct migration_level *levels, size_t level_count,
                        const char *module)
{
    if (levels == NULL)
        return INT64_MAX;
    for (size_t i = 0; i < level_count; i++) {
        if (strcmp(levels[i].module, module) == 0)
            return levels[i].number;
    }
    return 0;
}

enum err migrate_to(struct db *db, const struct store_module *modules, size_t module_count,
                    const struct migration_level *levels, size_t level_count, struct err_note *note)
{
    sql_unit_begin(db);
    enum err err = sql_script(db, OWN_TABLE);
    if (err != ERR_NONE)
        return err_set(note, err, "database", "The tables cannot be made: %s.", db->words);
    TRY(migrate_module(db, &store_module, level_of(levels, level_count, "store"), note));
    for (size_t i = 0; i < module_count; i++)
        TRY(migrate_module(db, &modules[i], level_of(levels, level_count, modules[i].name), note));
    return ERR_NONE;
}

/* Two processes that start together take turns; the lock ends with the session at the latest. */
enum err migrate(struct db *db, const struct store_module *modules, size_t module_count,
                 struct err_note *note)
{
    if (db_is_sqlite(db))
        return migrate_to(db, modules, module_count, NULL, 0, note);
    enum err err = sql_script(db, "SELECT pg_advisory_lock(7240816)");
    if (err != ERR_NONE)
        return err_set(note, err, "database", "No turn to migrate: %s.", db->words);
    err = migrate_to(db, modules, module_count, NULL, 0, note);
    if (db->harm != SQL_HARM_CONNECTION)
        (void)sql_script(db, "SELECT pg_advisory_unlock(7240816)"); /* or the session's end does */
    return err;
}
