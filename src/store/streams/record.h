// SPDX-License-Identifier: Apache-2.0
/* store/streams/record.h — how a record stands in memory: one block with its key, kind and body behind
 * it. */
#pragma once
#include "store/stream.h"

#define RECORD_KEY_MAX  512
#define RECORD_KIND_MAX 128

struct stored_record {
    struct stream_record record; /* first: the public part */
    int64_t bytes_total;         /* of all bodies of the shard up to this one */
    char bytes[];
};

static inline struct stored_record *stored_record_of(const struct stream_record *record)
{
    return (struct stored_record *)(uintptr_t)record;
}

struct shard_end;
/* What the tables say of a shard's end. */
MUST_USE enum err shard_end_load(struct db *db, const char *stream, int shard,
                                 struct shard_end *out_end);
