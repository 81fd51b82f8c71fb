// SPDX-License-Identifier: Apache-2.0
/* store/consumers/consumer_internal.h — one consumer and its parts, each in a file of its own. All but
 * progress.c runs on the consumer's thread. */
#pragma once
#include "store/consumers/lease.h"
#include "store/store_internal.h"

#define CONSUMER_BATCH_DEFAULT 256
#define CONSUMER_BATCH_MAX     4096
#define CONSUMER_BATCH_BYTES   (8 * 1024 * 1024)
#define CONSUMER_DEAD_MAX      64
#define CONSUMER_PAUSE_MIN_US  10000
#define CONSUMER_PAUSE_MAX_US  5000000
#define CONSUMER_STORE_US      1000000 /* positions without effects are written this often */
#define CONSUMER_HOLD_US       5000000 /* and what retention must leave */
#define CONSUMER_PASS_US       1000000 /* so often, but for pauses */
#define CONSUMER_GATHER_US     5000 /* a wake-up for each of thousands of commits a second costs more */
#define CONSUMER_LOOK_US       5000000 /* into the table, should a NOTIFY have been lost */

struct consumer_shard {
    bool is_owned;
    int64_t stored; /* the position in the table */
    int64_t wanted; /* the position to be stored */
    int64_t read_to;
    int64_t held;      /* what retention was told */
    bool is_caught_up; /* the table had no more: memory tells of what comes */
    size_t batch_max;
    int64_t failing_position;
    int failing_count;
    int64_t pause_us;
    int64_t retry_at_us;
    int64_t ticked_at_us;
    int64_t dead[CONSUMER_DEAD_MAX]; /* already among the dead letters */
    size_t dead_count;
};

struct consumer {
    struct consumer_options options;
    size_t records_max;
    int64_t owner;
    bool is_alone;
    struct thread thread;
    struct follower follower;
    atomic_bool is_stopping;
    struct lease_table leases;
    int64_t lease_due_us, store_due_us, hold_due_us, look_due_us, pass_due_us;
    int64_t looked_at_us; /* when it last stopped waiting */
    struct consumer_shard shards[STREAM_SHARDS];
    struct stream_record **records; /* of the batch at hand, references */
    size_t record_count;
    int64_t told_ms; /* see struct consumer_batch */

    struct lock lock; /* for those who wait */
    struct signal progress;
    int64_t consumed_to[STREAM_SHARDS]; /* under lock; -1: not ours */
};

/* ownership.c */
void ownership_look(struct consumer *consumer); /* at the leases */
void ownership_lose(struct consumer *consumer, int shard);
void ownership_start_over(struct consumer *consumer, int shard);

/* fetch.c: the next records of a shard into `records`; none when there are none. */
MUST_USE enum err fetch_records(struct consumer *consumer, int shard);
void fetch_drop_dead(struct consumer *consumer, const struct consumer_shard *s);
void fetch_drop(struct consumer *consumer);

/* effects.c: of the records at hand, or of a tick. */
void effects_run(struct consumer *consumer, int shard, int64_t read_to);
void effects_done(struct consumer *consumer, const struct consumer_batch *batch, int64_t read_to,
                  int64_t position);
void effects_pause(struct consumer_shard *s);
void effects_pass(struct consumer *consumer); /* time */
/* store_write(), and time passes meanwhile. */
MUST_USE enum err effects_write(struct consumer *consumer, struct store *store,
                                enum err (*run)(struct db *db, void *context,
                                                struct err_note *note),
                                void *context, struct err_note *note);

/* progress.c; -1: the shard is not ours. */
void progress_show(struct consumer *consumer, int shard, int64_t position);

/* position.c. Those that write are commands on the target, and wait for it. */
MUST_USE enum err position_lease(struct consumer *consumer, struct lease_decision *out_decision);
/* Position and effects in one transaction. *out_is_lost: the shard is another's, nothing was
 * done. */
MUST_USE enum err position_apply(struct consumer *consumer, const struct consumer_batch *batch,
                                 int64_t position, bool *out_is_lost, struct err_note *note);
/* Of all owned shards; those that are another's keep what is stored, and are told. */
MUST_USE enum err position_store(struct consumer *consumer, bool out_is_lost[STREAM_SHARDS]);
MUST_USE enum err position_give_back(struct consumer *consumer);
MUST_USE enum err position_bury(struct consumer *consumer, const struct stream_record *record,
                                const char *reason, bool *out_is_lost);
MUST_USE enum err position_load_dead(struct consumer *consumer, int shard);
MUST_USE enum err position_read(struct consumer *consumer, int shard, int64_t *out_position);

/* hold.c: tells retention, in the source, what the owned shards still need. */
struct hold_view { /* the positions as they stood in the target while they were ours */
    struct hold_shard {
        bool is_ours;
        int64_t position;
        int64_t beat;
    } shards[STREAM_SHARDS];
};
MUST_USE enum err hold_tell(struct consumer *consumer); /* the two steps below, when needed */
MUST_USE enum err hold_look(struct consumer *consumer, struct hold_view *out_view);
MUST_USE enum err hold_write(struct consumer *consumer, const struct hold_view *view);
