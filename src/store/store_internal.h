// SPDX-License-Identifier: Apache-2.0
/* store/store_internal.h — the parts of one store and what they know of each other:
 *   writer        the one thread that changes anything: turn, commands, records, commit
 *   readers       pooled connections, a snapshot each from take to give
 *   follow        committed records in memory, for the consumers of this process
 *   housekeeping  checkpoints, retention, looking whether a full disk has room again
 *   listener      PostgreSQL only: NOTIFY from the other processes, and to them */
#pragma once
#include "base/lock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "store/sql/sql_internal.h"
#include "store/store.h"
#include "store/stream.h"
#include "store/streams/follow.h"

#define CHECKPOINT_PAGES         2048  /* 8 MiB of WAL: the background checkpoint runs */
#define WAL_RESTART_PAGES        8192  /* 32 MiB: the writer starts the WAL anew */
#define WAL_MAX_PAGES            20480 /* 80 MiB: the writer checkpoints before it goes on */
#define COMMIT_BYTES             (8 * 1024 * 1024) /* of one transaction, so that nobody waits long */
#define COMMIT_COMMANDS_POSTGRES 64 /* savepoints; past 64 its snapshots become slow */
#define READER_WAIT_US           5000000
#define RECONNECT_MIN_US         50000
#define RECONNECT_MAX_US         1000000

struct store_metrics {
    char labels[80];
    struct metric commits, commands, records, record_bytes, refused, commit_time, wal_bytes,
        queue_len, checkpoints, is_well, retained, expired, dead_letters, lost_records;
};
struct store_metrics *store_metrics_of(const char *name); /* lives for ever, one per name */

/* The last position and the bytes so far of one shard, as the writer knows them in its turn. */
struct shard_end {
    int64_t position;
    int64_t bytes_total;
    int64_t at_ms;
    bool is_known;
};
struct stream_end {
    const char *stream; /* interned */
    struct shard_end shards[STREAM_SHARDS];
};
#define STREAMS_MAX 64

struct job {
    struct store_command command; /* run is NULL: nothing but `record` */
    struct stream_record *record;
    void (*appended)(void *context, enum err result, const struct stream_record *record);
    size_t cost_bytes;
    int64_t at_ms; /* when it was handed in; never earlier than the one before */
    enum err result;
    struct err_note *note;
};

struct job_queue {
    struct job *jobs;
    size_t len;
    size_t size;
};

struct writer {
    struct store *store;
    struct db *db; /* NULL while the server is away */
    struct thread thread;
    struct lock lock;
    struct signal wake;
    struct job_queue waiting; /* under lock */
    struct job_queue taken;   /* the writer's own */
    size_t taken_next;
    size_t queue_len;   /* under lock: waiting and taken */
    size_t queue_bytes; /* under lock: until done() */
    int64_t newest_ms;  /* under lock: the time of the newest job, or that was told since */
    int64_t taken_ms; /* under lock: and the oldest of `taken` that is not done; INT64_MAX: none */
    int64_t running_ms; /* and the one that runs: its records bear this time */
    bool is_stopping;
    bool is_started;

    struct stream_record **pending; /* appended in this transaction, written at its end */
    size_t pending_len, pending_size;
    struct stream_end streams[STREAMS_MAX];
    size_t stream_count;
    int64_t turn;      /* PostgreSQL: the sequence's value of our last turn */
    int64_t writer_id; /* PostgreSQL: the row of our commit marker */
    int64_t serial;    /* PostgreSQL: the marker's value in this transaction */
    atomic_bool checkpoint_wanted;
    struct lock checkpoint_lock; /* held over a checkpoint, so that two do not meet */
};

struct readers {
    struct lock lock;
    struct signal given;
    struct db **idle;
    size_t idle_count;
    size_t count;
    size_t out; /* taken or free to be opened: idle_count + out <= count */
    int64_t retry_at_us;
};

struct housekeeping;
struct listener;

struct store {
    char *name;
    char *url;
    char *path; /* SQLite: the file */
    bool is_postgres;
    int lock_fd;
    struct store_metrics *metrics;
    struct writer writer;
    struct readers readers;
    struct follow *follow;
    struct housekeeping *housekeeping;
    struct listener *listener;
    struct missed_list *missed;
    _Atomic(const char *) why; /* NULL while well */
};

enum err store_connect(struct store *store, bool is_writer, struct db **out_db,
                       struct err_note *note);
extern const char STORE_AWAY[]; /* compared by address */
/* `reason`: what the engine said, for the log; may be NULL. */
void store_set_why(struct store *store, const char *why, const char *reason);

/* writer.c */
void writer_init(struct writer *writer, struct store *store);
MUST_USE enum err writer_start(struct writer *writer, struct err_note *note);
void writer_stop(struct writer *writer); /* runs what is queued first */
struct store_meanwhile {
    void (*run)(void *context); /* on the thread that waits */
    void *context;
    int64_t every_us;
};
/* store_write() for whoever has something to do as time goes on. NULL = nothing. */
MUST_USE enum err
store_write_while(struct store *store,
                  enum err (*run)(struct db *db, void *context, struct err_note *note),
                  void *context, struct err_note *note, const struct store_meanwhile *meanwhile);
void writer_fini(struct writer *writer);
MUST_USE enum err writer_push(struct writer *writer, const struct job *job);
/* Records that bear an earlier time have been published; those still to come from this process bear this one or
 * a later one. Stands still while a commit takes its time. */
int64_t writer_published_ms(struct writer *writer);
/* On its thread, once everything is refused at the door: who came in before is told so at once, and does not wait
 * for the database to come back. */
void writer_fail_waiting(struct writer *writer);

/* commit.c: one transaction */
void commit_run(struct writer *writer, struct job *jobs, size_t count);

/* turn.c: what the engines need around a transaction */
MUST_USE enum err turn_begin(struct writer *writer);
MUST_USE enum err turn_commit(struct writer *writer);
void turn_rollback(struct writer *writer);
/* PostgreSQL: after a commit whose answer was lost; true when it did happen. */
MUST_USE enum err turn_resolve(struct writer *writer, bool *out_is_committed);
MUST_USE enum err turn_connect(struct writer *writer, struct err_note *note);

/* append.c: records of the running transaction */
MUST_USE enum err append_pend(struct writer *writer, struct stream_record *record);
void append_undo(struct writer *writer, size_t pending_len); /* back to a savepoint */
MUST_USE enum err append_flush(struct writer *writer);
void append_forget(struct writer *writer); /* other processes may have appended */
const char *stream_intern(const char *name);
struct stream_end *append_end(struct writer *writer, const char *stream);

/* readers.c */
void readers_init(struct readers *readers, size_t count);
void readers_fini(struct readers *readers);

/* migrate.c */
MUST_USE enum err migrate(struct db *db, const struct store_module *modules, size_t module_count,
                          struct err_note *note);
/* Only as far as `known` says; for restoring an older copy. */
struct migration_level {
    char module[LIMIT_ID_LEN + 1];
    int64_t number;
};
MUST_USE enum err migrate_to(struct db *db, const struct store_module *modules, size_t module_count,
                             const struct migration_level *levels, size_t level_count,
                             struct err_note *note);

/* housekeeping.c */
struct housekeeping *housekeeping_create(struct store *store);
void housekeeping_start(struct housekeeping *housekeeping);
void housekeeping_stop(struct housekeeping *housekeeping);
void housekeeping_free(struct housekeeping *housekeeping);
void housekeeping_wal_grew(struct store *store, int64_t pages);

/* retain.c: stream_retain(), and whether there is more to remove at once */
MUST_USE enum err retain_slice(struct store *store, const struct stream_retention *retention,
                               int64_t now_ms, bool *out_is_more, struct err_note *note);

/* expire.c: one slice, and whether there is more to remove at once */
MUST_USE enum err expire_slice(struct store *store, const struct store_expiry *expiry,
                               int64_t now_ms, bool *out_is_more, struct err_note *note);

/* streams/missed.c */
struct missed_list *missed_create(void);
void missed_free(struct missed_list *list);
void missed_all(struct missed_list *list); /* everybody is to catch up */
void missed_forget(struct missed_list *list, void *context);
void missed_catch_up(struct missed_list *list); /* calls whoever is to */

/* announce.c */
struct listener *listener_create(struct store *store);
void listener_start(struct listener *listener);
void listener_stop(struct listener *listener);
void listener_free(struct listener *listener);
/* What this commit appended, for the other processes: SQL that runs before COMMIT, or "". */
void listener_notify_sql(struct writer *writer, struct text *out);
