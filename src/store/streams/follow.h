// SPDX-License-Identifier: Apache-2.0
/* store/streams/follow.h — records in memory right after their commit, for the consumers of this process. A
 * stream without a follower keeps nothing; a follower that lags past LIMIT_FOLLOW_RECORDS or
 * LIMIT_FOLLOW_BYTES reads the table. */
#pragma once
#include "base/lock.h"
#include "store/stream.h"

struct follow;

/* Woken when its stream has grown. Owned by the consumer; joined ones must leave. */
struct follower {
    struct follower *next;
    const char *stream; /* interned */
    int64_t read_to
        [STREAM_SHARDS]; /* what is needed no more; INT64_MAX: not our shard; under follow's lock */
    struct lock lock;
    struct signal signal;
    bool is_woken;  /* under lock, like must_look */
    bool must_look; /* something may have been missed: the table knows */
};

struct follow *follow_create(void);
void follow_destroy(struct follow *follow);
/* In the order of their positions, all committed. */
void follow_publish(struct follow *follow, struct stream_record **records, size_t count);
/* Another process has appended up to here. */
void follow_hear(struct follow *follow, const char *stream, int shard, int64_t position);
/* We may have missed something: everybody looks into the tables. */
void follow_wake_all(struct follow *follow);

void follow_join(struct follow *follow, struct follower *follower);
void follow_leave(struct follow *follow, struct follower *follower);
/* The shard is not this follower's any more. */
void follow_release(struct follow *follow, struct follower *follower, int shard);
void follower_wake(struct follower *follower);

enum follow_found {
    FOLLOW_RECORDS, /* *out_count references were taken */
    FOLLOW_NOTHING, /* as far as this process knows */
    FOLLOW_TABLE,   /* there is more, but not in memory */
};
enum follow_found follow_take(struct follow *follow, struct follower *follower, int shard,
                              int64_t after_position, size_t count_max,
                              struct stream_record **out_records, size_t *out_count);
