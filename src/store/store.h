// SPDX-License-Identifier: Apache-2.0
/* store/store.h — one database (SQLite file or PostgreSQL schema) with one writer and group commit.
 *
 * A request that changes something is a command. The writer thread takes all waiting commands, runs
 * each in a savepoint inside ONE transaction, commits once, and then calls every command's done():
 * success therefore means "on disk". A command never touches the network and never waits.
 * Reading happens on pooled connections, at any time, on any thread.
 * A failed fsync ends the process (it restarts from the log); a full disk or an unreachable server
 * answers ERR_BUSY and heals by itself. Streams and consumers: store/stream.h, store/consumer.h. */
#pragma once
#include "base/base.h"
#include "store/sql.h"

struct store;

/* Forward only, numbered from 1 without gaps per module, each module's in one transaction. `sql`
 * may hold several statements; it runs on both engines, so: BIGINT, TEXT, DOUBLE PRECISION, BYTEA;
 * no engine's own functions. BYTEA is SQLite's BLOB. */
struct store_migration {
    int number;
    const char *sql;
};
struct store_module {
    const char *name;
    const struct store_migration *migrations;
    size_t migration_count;
};

struct store_options {
    const char *name; /* "main" or "telemetry": file name, PostgreSQL schema, metric label */
    /* "sqlite:/var/lib/muster" (a folder, created when absent) or "postgresql://..." */
    const char *url;
    const struct store_module *modules; /* the store's own tables are added by itself */
    size_t module_count;
    int reader_count; /* pooled read connections; 0 = 4 */
};

/* Opens, migrates, starts the writer. The caller owns *out_store. */
MUST_USE enum err store_open(const struct store_options *options, struct store **out_store,
                             struct err_note *note);
/* Runs what is queued, then stops the writer. Consumers must be stopped first. */
void store_close(struct store *store);
static inline void store_destroy(struct store *store)
{
    if (store != NULL)
        store_close(store);
}
DEFINE_SCOPED(store)

bool store_is_postgres(const struct store *store);
const char *store_name(const struct store *store);
/* False while the database is away or the disk is full; `out_why` (borrowed, static) says which. */
bool store_is_well(const struct store *store, const char **out_why);

struct store_command {
    /* On the writer's thread, in the transaction. An error undoes this command only. */
    enum err (*run)(struct db *db, void *context, struct err_note *note);
    /* After the commit (ERR_NONE) or once it is known that nothing was written. Exactly once, on
     * the writer's thread: hand over and return. `note` is borrowed. */
    void (*done)(void *context, enum err result, const struct err_note *note);
    void *context;     /* the caller's; must live until done() */
    size_t cost_bytes; /* counts against LIMIT_WRITER_QUEUE_BYTES */
};

/* ERR_BUSY (and done() is not called) when the queue is full or the database is away. */
MUST_USE enum err store_submit(struct store *store, const struct store_command *command);

/* Submits and waits. For workers, consumers, start-up, tests; never on an HTTP event thread and
 * never from inside a command. */
MUST_USE enum err store_write(struct store *store,
                              enum err (*run)(struct db *db, void *context, struct err_note *note),
                              void *context, struct err_note *note);

/* Rows that a module lets go by age. Texts are static and lent; $1 is the oldest time kept. */
struct store_expiry {
    const char *table; /* a second policy for a table replaces the first */
    const char *find; /* a row when something is too old: "SELECT 1 ... WHERE at_ms < $1 LIMIT 1" */
    const char *remove; /* "DELETE ...", of $2 rows at most */
    int64_t age_max_ms; /* 0 = for ever */
};
/* From now on housekeeping removes them: every second LIMIT_REMOVAL_SLICES commands of
 * LIMIT_REMOVAL_ROWS rows at most, so that no commit stalls and 16,000 rows a second can come. */
void store_expire(struct store *store, const struct store_expiry *expiry);
/* What housekeeping was told of this table; 0 = nothing, its rows stay for ever. */
int64_t store_expiry_ms(struct store *store, const char *table);

/* A pooled connection for reading, with one consistent snapshot from take to give.
 * NULL when the database is away. */
struct db *store_reader_take(struct store *store);
void store_reader_give(struct store *store, struct db *db);

/* Reads one snapshot beside a running Muster, without opening the store: nothing is locked, migrated
 * or changed. ERR_NOT_FOUND when there is no database. For commands. */
MUST_USE enum err store_read_at(const struct store_options *options,
                                enum err (*read)(struct db *db, void *context), void *context,
                                struct err_note *note);

/* A consistent copy while everything runs, complete on disk or not there. SQLite: online backup
 * into the new file `path`. PostgreSQL: as store_dump(). */
MUST_USE enum err store_backup(struct store *store, const char *path, struct err_note *note);
/* The same beside a running Muster, without opening the store. */
MUST_USE enum err store_backup_at(const struct store_options *options, const char *path,
                                  struct err_note *note);
/* All tables in Muster's portable form (docs/formats/dump.md), from either engine. */
MUST_USE enum err store_dump(struct store *store, const char *path, struct err_note *note);
/* Into a store that does not exist yet (ERR_CONFLICT): a backup into its engine, a dump into
 * either. */
MUST_USE enum err store_restore(const struct store_options *options, const char *path,
                                struct err_note *note);
