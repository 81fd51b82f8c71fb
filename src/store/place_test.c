// SPDX-License-Identifier: Apache-2.0
#include "store/place_test.h"

#include <signal.h>
#include <unistd.h>

static struct pg_server *server;
static pid_t server_owner;

static void stop_server(void)
{
    if (server != NULL && getpid() == server_owner) /* not in a child that a test has forked */
        pg_server_stop(server);
}

struct pg_server *place_server(void)
{
    static bool is_tried;
    static struct err_note note;
    if (!is_tried) {
        is_tried = true;
        server_owner = getpid();
        enum err err = pg_server_start(NULL, &server, &note);
        if (err != ERR_NONE && err != ERR_NOT_FOUND)
            print_error("%s\n", note.detail);
        CHECK(err == ERR_NONE || err == ERR_NOT_FOUND);
        (void)atexit(stop_server);
    }
    if (server == NULL)
        SKIP(note.detail);
    return server;
}

static struct place *place_at(const char *url)
{
    static struct place place;
    static int count;
    place.url = url;
    (void)snprintf(place.name, sizeof place.name, "t%d", ++count);
    return &place;
}

struct place *place_sqlite(void)
{
    static char url[4200];
    (void)snprintf(url, sizeof url, "sqlite:%s", test_folder());
    return place_at(url);
}

struct place *place_postgres(void)
{
    return place_at(pg_server_url(place_server()));
}

struct store *place_open(const struct place *place, const struct store_module *modules,
                         size_t module_count)
{
    struct store_options options = {.name = place->name,
                                    .url = place->url,
                                    .modules = modules == NULL ? &notes_module : modules,
                                    .module_count = modules == NULL ? 1 : module_count};
    struct err_note note = {0};
    struct store *store = NULL;
    enum err err = store_open(&options, &store, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
    return store;
}

struct store *place_open_part(const struct place *place, const char *name,
                              const struct store_module *modules, size_t module_count)
{
    struct place own = *place;
    (void)snprintf(own.name, sizeof own.name, "%.20s_%s", place->name, name);
    return place_open(&own, modules, module_count);
}

static const struct store_migration notes_migrations[] = {
    {1, "CREATE TABLE note (id BIGINT PRIMARY KEY, words TEXT NOT NULL)"},
};
const struct store_module notes_module = {"notes", notes_migrations, COUNT_OF(notes_migrations)};

enum err note_add(struct db *db, int64_t id, const char *words)
{
    return sql_run(db, "INSERT INTO note (id, words) VALUES ($1, $2)", SQL_INT(id),
                   SQL_TEXT(words));
}

int64_t note_count(struct store *store)
{
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    int64_t count = -1;
    enum err err = sql_one_int(db, &count, "SELECT COUNT(*) FROM note");
    store_reader_give(store, db);
    CHECK_INT(err, ERR_NONE);
    return count;
}

static enum err write_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return sql_run(db, (const char *)context);
}

enum err place_write(struct store *store, const char *sql)
{
    return store_write(store, write_run, (void *)(uintptr_t)sql, NULL);
}

static enum err count_one(void *context, struct stream_record *record)
{
    (void)record;
    ++*(int64_t *)context;
    return ERR_NONE;
}

int64_t place_record_count(struct store *store, const char *stream)
{
    struct db *db = store_reader_take(store);
    if (db == NULL)
        return -1;
    int64_t count = 0;
    enum err err = ERR_NONE;
    for (int shard = 0; shard < STREAM_SHARDS && err == ERR_NONE; shard++)
        err = stream_read(db, stream, shard, 0, SIZE_MAX / 4, count_one, &count);
    store_reader_give(store, db);
    return err == ERR_NONE ? count : -1;
}

static enum err append_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return stream_append(db, context, NULL);
}

enum err place_append(struct store *store, const char *stream, const char *key, const char *body)
{
    struct stream_append append = {
        .stream = stream, .key = key, .kind = "test", .body = body, .body_len = strlen(body)};
    return store_write(store, append_run, &append, NULL);
}
