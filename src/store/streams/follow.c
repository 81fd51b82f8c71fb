// SPDX-License-Identifier: Apache-2.0
#include "store/streams/follow.h"

#include "store/store_internal.h"
#include "store/streams/record.h"

#define RING_START 64

struct ring { /* of one shard; positions are contiguous */
    struct stream_record **records;
    size_t first, len, size;
    int64_t last_known; /* the highest position heard of; 0 = none yet */
};

struct followed {
    struct followed *next;
    const char *stream;
    struct ring rings[STREAM_SHARDS];
    size_t record_count;
    size_t byte_count;
};

struct follow {
    struct lock lock;
    struct followed *streams;
    struct follower *followers;
};

struct follow *follow_create(void)
{
    struct follow *follow = mem_new(sizeof *follow);
    lock_init(&follow->lock);
    return follow;
}

static struct stream_record *ring_at(const struct ring *ring, size_t i)
{
    return ring->records[(ring->first + i) % ring->size];
}

static size_t weight(const struct stream_record *record)
{
    return sizeof(struct stored_record) + record->body_len;
}

static void ring_drop_first(struct followed *stream, struct ring *ring)
{
    struct stream_record *record = ring_at(ring, 0);
    ring->first = (ring->first + 1) % ring->size;
    ring->len--;
    stream->record_count--;
    stream->byte_count -= weight(record);
    shared_unref(&record->shared);
}

static void ring_grow(struct ring *ring)
{
    size_t size = ring->size == 0 ? RING_START : 2 * ring->size;
    struct stream_record **records = mem_new_array(size, sizeof(struct stream_record *));
    for (size_t i = 0; i < ring->len; i++)
        records[i] = ring_at(ring, i);
    mem_free(ring->records);
    ring->records = records;
    ring->first = 0;
    ring->size = size;
}

static void ring_push(struct followed *stream, struct stream_record *record)
{
    struct ring *ring = &stream->rings[record->shard];
    bool is_gap = ring->len > 0 && ring_at(ring, ring->len - 1)->position + 1 != record->position;
    while (is_gap && ring->len > 0) /* another process had a turn: the table has what is between */
        ring_drop_first(stream, ring);
    if (ring->len == ring->size)
        ring_grow(ring);
    shared_ref(&record->shared);
    ring->records[(ring->first + ring->len++) % ring->size] = record;
    stream->record_count++;
    stream->byte_count += weight(record);
    while (ring->len > 1 &&
           (stream->record_count > LIMIT_FOLLOW_RECORDS || stream->byte_count > LIMIT_FOLLOW_BYTES))
        ring_drop_first(stream, ring);
}

static struct followed *find(struct follow *follow, const char *stream)
{
    for (struct followed *f = follow->streams; f != NULL; f = f->next) {
        if (f->stream == stream)
            return f;
    }
    struct followed *made = mem_new(sizeof *made);
    made->stream = stream;
    made->next = follow->streams;
    follow->streams = made;
    return made;
}

/* Signalled once the lock is free: who wakes needs it, and would otherwise go to sleep again at once.
 * The caller sees to it that the follower stays until then. */
void follower_wake(struct follower *follower)
{
    lock_take(&follower->lock);
    bool is_told = follower->is_woken; /* and has not looked since */
    follower->is_woken = true;
    lock_give(&follower->lock);
    if (!is_told)
        signal_wake(&follower->signal);
}

static void wake_stream(struct follow *follow, const char *stream)
{
    for (struct follower *f = follow->followers; f != NULL; f = f->next) {
        if (f->stream == stream)
            follower_wake(f);
    }
}

static bool is_wanted(const struct follow *follow, const struct stream_record *record)
{
    for (const struct follower *f = follow->followers; f != NULL; f = f->next) {
        if (f->stream == record->stream && f->read_to[record->shard] != INT64_MAX)
            return true;
    }
    return false;
}

void follow_publish(struct follow *follow, struct stream_record **records, size_t count)
{
    LOCKED(&follow->lock);
    for (size_t i = 0; i < count; i++) {
        struct followed *stream = find(follow, records[i]->stream);
        struct ring *ring = &stream->rings[records[i]->shard];
        ring->last_known = MAX(ring->last_known, records[i]->position);
        if (is_wanted(follow, records[i]))
            ring_push(stream, records[i]);
        if (i + 1 == count || records[i + 1]->stream != records[i]->stream)
            wake_stream(follow, records[i]->stream);
    }
}

void follow_hear(struct follow *follow, const char *stream, int shard, int64_t position)
{
    LOCKED(&follow->lock);
    const char *name = stream_intern(stream);
    struct ring *ring = &find(follow, name)->rings[shard];
    ring->last_known = MAX(ring->last_known, position);
    wake_stream(follow, name);
}

void follow_wake_all(struct follow *follow)
{
    LOCKED(&follow->lock);
    for (struct follower *f = follow->followers; f != NULL; f = f->next) {
        LOCKED(&f->lock);
        f->must_look = true;
        f->is_woken = true;
        signal_wake(&f->signal);
    }
}

void follow_join(struct follow *follow, struct follower *follower)
{
    lock_init(&follower->lock);
    signal_init(&follower->signal);
    LOCKED(&follow->lock);
    for (int i = 0; i < STREAM_SHARDS; i++)
        follower->read_to[i] = INT64_MAX;
    follower->next = follow->followers;
    follow->followers = follower;
}

/* Whatever every follower has read is dropped. */
static void trim(struct follow *follow, struct followed *stream, int shard)
{
    int64_t needed_after = INT64_MAX;
    for (const struct follower *f = follow->followers; f != NULL; f = f->next) {
        if (f->stream == stream->stream)
            needed_after = MIN(needed_after, f->read_to[shard]);
    }
    struct ring *ring = &stream->rings[shard];
    while (ring->len > 0 && ring_at(ring, 0)->position <= needed_after)
        ring_drop_first(stream, ring);
}

void follow_leave(struct follow *follow, struct follower *follower)
{
    lock_take(&follow->lock);
    struct follower **slot = &follow->followers;
    while (*slot != follower)
        slot = &(*slot)->next;
    *slot = follower->next;
    struct followed *stream = find(follow, follower->stream);
    for (int i = 0; i < STREAM_SHARDS; i++)
        trim(follow, stream, i);
    lock_give(&follow->lock);
    signal_fini(&follower->signal);
    lock_fini(&follower->lock);
}

void follow_release(struct follow *follow, struct follower *follower, int shard)
{
    LOCKED(&follow->lock);
    follower->read_to[shard] = INT64_MAX;
    trim(follow, find(follow, follower->stream), shard);
}

enum follow_found follow_take(struct follow *follow, struct follower *follower, int shard,
                              int64_t after_position, size_t count_max,
                              struct stream_record **out_records, size_t *out_count)
{
    LOCKED(&follow->lock);
    struct followed *stream = find(follow, follower->stream);
    struct ring *ring = &stream->rings[shard];
    follower->read_to[shard] = after_position;
    trim(follow, stream, shard);
    *out_count = 0;
    int64_t first = ring->len > 0 ? ring_at(ring, 0)->position : INT64_MAX;
    int64_t last = ring->len > 0 ? first + (int64_t)ring->len - 1 : 0;
    if (first > after_position + 1 || last <= after_position)
        return ring->last_known > after_position ? FOLLOW_TABLE : FOLLOW_NOTHING;
    for (size_t i = (size_t)(after_position + 1 - first); i < ring->len; i++) {
        if (*out_count == count_max)
            break;
        struct stream_record *record = ring_at(ring, i);
        shared_ref(&record->shared);
        out_records[(*out_count)++] = record;
    }
    return FOLLOW_RECORDS;
}

void follow_destroy(struct follow *follow)
{
    if (follow == NULL)
        return;
    assert(follow->followers == NULL); /* consumers were stopped */
    while (follow->streams != NULL) {
        struct followed *stream = follow->streams;
        follow->streams = stream->next;
        for (int i = 0; i < STREAM_SHARDS; i++) {
            while (stream->rings[i].len > 0)
                ring_drop_first(stream, &stream->rings[i]);
            mem_free(stream->rings[i].records);
        }
        mem_free(stream);
    }
    lock_fini(&follow->lock);
    mem_free(follow);
}
