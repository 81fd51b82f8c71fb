// SPDX-License-Identifier: Apache-2.0
/* store/consumer.h — reads a stream in order and has its effects exactly once: the position is kept
 * in the store where the effects go and is written in the same transaction as they are.
 *
 * A consumer owns shards by lease (CONSUMER_LEASE_MS). Several processes on one PostgreSQL share
 * the shards; when one dies, another owns its shards within CONSUMER_LEASE_MS + one renewal. An
 * effect of a process that lost its lease is refused in the transaction, so nothing happens twice.
 * Records come from memory right after the commit, or from the table by whoever lags. */
#pragma once
#include "base/base.h"
#include "store/stream.h"

#define CONSUMER_LEASE_MS 3000
#define CONSUMER_RENEW_MS 1000
#define CONSUMER_PASS_MS  10000
#define CONSUMER_STALL_MS 2000

struct consumer;

struct consumer_batch {
    int shard;
    struct stream_record *
        *records; /* borrowed, in order, all of one shard; may be empty on a tick */
    size_t record_count;
    int64_t now_ms;
    /* Every record with an earlier time has come, with this batch at the latest, and whatever else is on its way to
     * the disk bears this one or a later one: with it time goes on, also on a tick, but not past a commit that takes
     * long (CONSUMER_STALL_MS at most). Records of other processes may be late by their commit and its news. */
    int64_t told_ms;
};

struct consumer_options {
    const char *name; /* "crowd": the key of its positions */
    const char *stream;
    struct store *source; /* where the stream is */
    struct store *target; /* where the effects and the position go; may be the same */
    size_t records_max;   /* per batch; 0 = 256 */
    int64_t tick_ms; /* prepare() is called at least this often, with an empty batch; 0 = never */
    void *context;

    /* All on the consumer's own thread, in this order. Any may be NULL. */
    /* The shard is ours now: drop what is remembered of it. *inout_position is the stored position;
     * a consumer with state in memory may lower it, to read again what it needs to rebuild. */
    void (*owned)(void *context, int shard, int64_t *inout_position);
    void (*lost)(void *context, int shard);
    /* Retention has removed records that this consumer had not read: positions from..to are
     * gone. */
    void (*skipped)(void *context, int shard, int64_t from_position, int64_t to_position);
    /* Outside any transaction: decode, compute. Without it every batch of records has effects. Sets
     * *out_has_effects when apply() is needed and may lower *inout_position to say that earlier
     * records are still needed after a restart. */
    enum err (*prepare)(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects);
    /* In the target's transaction (on its writer's thread, while the consumer's thread waits).
     * ERR_BUSY (nobody's fault) is tried again with growing pauses, for as long as it takes. After
     * any other error, of prepare() too, owned() is called, reading starts again at the stored
     * position and in smaller batches; a record that fails CONSUMER_ATTEMPTS times alone goes to
     * the dead letters and is counted and logged. */
    enum err (*apply)(void *context, struct db *db, const struct consumer_batch *batch);
    /* After the commit of apply(). */
    void (*applied)(void *context, const struct consumer_batch *batch);
    /* For what must end by the clock. Every CONSUMER_PASS_MS at least, whether or not any shard is ours, records
     * come or the stores are there: between two batches, and while the consumer waits for something to be
     * written, perhaps while apply() runs. Not during prepare(), nor while the database does not answer what is
     * read; then at once after it, and always before prepare() is called. */
    void (*passed)(void *context, int64_t now_ms);
};

#define CONSUMER_ATTEMPTS 8

/* Inside apply(): this record of the batch goes to the dead letters of the consumer with this name, and
 * the rest of the batch goes on. For what can be told at once never to be readable. */
MUST_USE enum err consumer_set_aside(struct db *db, const char *consumer,
                                     const struct stream_record *record, const char *reason);

/* From now on housekeeping removes dead letters of this store whose records are so old; 0 = never. */
void dead_letters_keep(struct store *store, int64_t keep_ms);

/* Starts the thread. The caller owns *out_consumer; strings and context are borrowed until stop. */
MUST_USE enum err consumer_start(const struct consumer_options *options,
                                 struct consumer **out_consumer, struct err_note *note);
/* Finishes the batch at hand, gives the leases back. */
void consumer_stop(struct consumer *consumer);

/* Records not yet consumed over all shards, from the tables; for pages, metrics and tests. */
MUST_USE enum err consumer_lag(struct consumer *consumer, int64_t *out_records);
/* Waits until everything committed before the call is consumed, whoever owns the shards; ERR_BUSY
 * at the deadline, a time of clock_now_ms(). */
MUST_USE enum err consumer_wait_idle(struct consumer *consumer, int64_t deadline_ms);

/* Messages between the processes on one PostgreSQL (LISTEN/NOTIFY); within one process (SQLite) a
 * plain call. At least once while connected, lost while not: for wake-ups and live values only.
 * `message` is UTF-8 without NUL of at most LIMIT_ANNOUNCE_BYTES; what is larger than NOTIFY's 8,000
 * bytes is packed and split. When more than LIMIT_ANNOUNCE_WAITING(_BYTES) wait to be sent, the oldest are dropped
 * and the other processes catch up as below. */
void store_announce(struct store *store, const char *channel, const char *message, size_t len);
/* The same for a value that is worth nothing once there is a newer one with this key (at most
 * LIMIT_LIVE_TOPIC_LEN): while it waits to be sent, the newer takes its place. */
void store_announce_newest(struct store *store, const char *channel, const char *key,
                           const char *message, size_t len);
void store_listen(struct store *store, const char *channel,
                  void (*heard)(void *context, const char *message, size_t len), void *context);
/* What others announced while this process was not connected is not repeated: after every later
 * connection, after store_missed(), and when another had to drop some, `catch_up` is called within a second or so, on a thread of the
 * store's, and again each second until it succeeds. */
void store_listen_missed(struct store *store, enum err (*catch_up)(void *context), void *context);
/* Whoever listens with this context could not make use of what it heard. */
void store_missed(struct store *store, void *context);
/* Whatever listens with this context hears nothing more, and is inside no call any longer: for whoever
 * closes before the store. Not from inside such a call. */
void store_unlisten(struct store *store, void *context);
