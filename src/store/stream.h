// SPDX-License-Identifier: Apache-2.0
/* store/stream.h — durable, ordered, replayable sequences of records, written in the same
 * transaction as the state that they tell of. A stream has STREAM_SHARDS shards; records with the
 * same key stand in the same shard, in the order of their commits. Positions grow by one from 1 in
 * every shard. Retention removes the oldest by age and by bytes, never what a registered consumer
 * still needs (up to a limit of age, after which the consumer is told that it has lost records). */
#pragma once
#include "base/base.h"
#include "base/shared.h"
#include "store/store.h"

#define STREAM_SHARDS 4

struct stream_record {
    struct shared shared; /* ref to keep it beyond the call that lent it */
    const char *stream;   /* interned */
    int shard;
    int64_t position;
    int64_t at_ms;    /* when it, or the command that appended it, was handed in */
    const char *key;  /* decides the shard: "demo/park" */
    const char *kind; /* "detections.packed", "incident.opened": formats are in docs/formats */
    const void *body;
    size_t body_len;
    /* What the appender had decoded anyway, for followers in this process; NULL when read from the
     * table. Its type belongs to `kind`. */
    struct shared *decoded;
};

struct stream_append {
    const char *stream;
    const char *key;
    const char *kind;
    const void *body;       /* borrowed for the call */
    size_t body_len;        /* at most LIMIT_RECORD_BYTES */
    struct shared *decoded; /* a reference is taken; NULL */
};

int stream_shard_of(const char *key);

/* A record for stream_submit(): the one copy of its body that Muster makes. NULL when it is over
 * LIMIT_RECORD_BYTES or its key or kind is too long. The caller owns a reference. */
struct stream_record *stream_record_create(const struct stream_append *append);

/* Appends and nothing else, without a savepoint: the fast path for what devices send. Takes the
 * record when ERR_NONE is returned (and only then); `appended` (may be NULL) is called once, on the
 * writer's thread, and sees the final position. ERR_BUSY as store_submit(). */
MUST_USE enum err stream_submit(struct store *store, struct stream_record *record,
                                void (*appended)(void *context, enum err result,
                                                 const struct stream_record *record),
                                void *context);

/* Inside a command. *out_position (may be NULL) is final once the command's done() says
 * ERR_NONE. */
MUST_USE enum err stream_append(struct db *db, const struct stream_append *append,
                                int64_t *out_position);

/* Records of one shard after `position`, oldest first, read from the table. Each visit lends the
 * record; returning anything but ERR_NONE stops and is returned. */
MUST_USE enum err stream_read(struct db *db, const char *stream, int shard, int64_t after_position,
                              size_t count_max,
                              enum err (*visit)(void *context, struct stream_record *record),
                              void *context);

/* The last position of a shard; 0 when it is empty. */
MUST_USE enum err stream_last(struct db *db, const char *stream, int shard, int64_t *out_position);

struct stream_retention {
    const char *stream;
    int64_t age_max_ms; /* 0 = for ever */
    int64_t bytes_max;  /* of all bodies; 0 = no bound */
    /* What a registered consumer has not read is kept this much longer; 0 = as long as age_max_ms
     * again, or a day where there is none. */
    int64_t hold_ms;
};
/* Removes a bounded slice per call, in commands of its own, so that no commit stalls. Called by the
 * store's housekeeping; `now_ms` is a parameter for tests. */
MUST_USE enum err stream_retain(struct store *store, const struct stream_retention *retention,
                                int64_t now_ms, struct err_note *note);
/* From now on housekeeping does so. Copied; a second policy for a stream replaces the first. */
void store_keep(struct store *store, const struct stream_retention *retention);
/* How long housekeeping keeps the records of this stream; 0 = for ever. */
int64_t store_kept_ms(struct store *store, const char *stream);
