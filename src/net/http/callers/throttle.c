// SPDX-License-Identifier: Apache-2.0
#include "net/http/callers/throttle.h"

#include "base/lock.h"
#include "base/random.h"
#include "net/http/callers/keyed_hash.h"

#define SHARD_COUNT  64
#define BUCKET_SLOTS 8

struct slot {
    uint64_t hash; /* 0 = free; 64 bits keyed by a secret, so collisions cannot be aimed at */
    int64_t arrival_us;
};

struct shard {
    struct lock lock;
    struct slot *slots;
    size_t bucket_count; /* a power of two */
} __attribute__((aligned(64)));

struct throttle {
    struct keyed_hash hash;
    struct shard shards[SHARD_COUNT];
};

struct throttle_answer gcra_decide(const struct route_rate *rate, int64_t *inout_arrival_us,
                                   int64_t now_us)
{
    assert(rate->limit > 0 && rate->period_s > 0);
    int64_t interval_us = (int64_t)rate->period_s * 1000000 / rate->limit;
    interval_us = MAX(interval_us, 1);
    int64_t burst = MAX(rate->burst, 1);
    int64_t tolerance_us = (burst - 1) * interval_us;
    int64_t arrival_us = MAX(*inout_arrival_us, now_us);
    struct throttle_answer answer = {.is_allowed = arrival_us - now_us <= tolerance_us};
    if (answer.is_allowed) {
        arrival_us += interval_us;
        *inout_arrival_us = arrival_us;
    } else {
        answer.retry_us = arrival_us - now_us - tolerance_us;
    }
    int64_t ahead_us = arrival_us - now_us;
    answer.reset_us = ahead_us;
    if (ahead_us <= tolerance_us)
        answer.remaining = (int)((tolerance_us - ahead_us) / interval_us + 1);
    return answer;
}

struct throttle *throttle_create(size_t key_count)
{
    struct throttle *throttle = aligned_alloc(64, sizeof *throttle);
    assert(throttle != NULL);
    random_secret(&throttle->hash, sizeof throttle->hash);
    size_t buckets = 1;
    while (buckets * BUCKET_SLOTS * SHARD_COUNT < key_count)
        buckets *= 2;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &throttle->shards[i];
        lock_init(&shard->lock);
        shard->bucket_count = buckets;
        shard->slots = mem_new_array(buckets * BUCKET_SLOTS, sizeof *shard->slots);
    }
    return throttle;
}

void throttle_destroy(struct throttle *throttle)
{
    if (throttle == NULL)
        return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        lock_fini(&throttle->shards[i].lock);
        mem_free(throttle->shards[i].slots);
    }
    free(throttle);
}

static uint64_t hash_key(const struct throttle *throttle, const void *scope, const char *key)
{
    uint64_t hash = keyed_hash_text(&throttle->hash, (uint64_t)(uintptr_t)scope, key);
    return hash == 0 ? 1 : hash;
}

/* The key's slot; or the one that is forgotten for it: the earliest arrival time of its bucket. */
static struct slot *find_slot(struct slot *bucket, uint64_t hash)
{
    struct slot *oldest = bucket;
    for (size_t i = 0; i < BUCKET_SLOTS; i++) {
        if (bucket[i].hash == hash)
            return &bucket[i];
        if (bucket[i].arrival_us < oldest->arrival_us)
            oldest = &bucket[i];
    }
    *oldest = (struct slot){.hash = hash};
    return oldest;
}

struct throttle_answer throttle_take(struct throttle *throttle, const struct route_rate *rate,
                                     const void *scope, const char *key, int64_t now_us)
{
    uint64_t hash = hash_key(throttle, scope, key);
    struct shard *shard = &throttle->shards[hash % SHARD_COUNT];
    size_t bucket = (hash / SHARD_COUNT) & (shard->bucket_count - 1);
    LOCKED(&shard->lock);
    struct slot *slot = find_slot(shard->slots + bucket * BUCKET_SLOTS, hash);
    return gcra_decide(rate, &slot->arrival_us, now_us);
}
