// SPDX-License-Identifier: Apache-2.0
#include "net/http/callers/shares.h"

#include "base/lock.h"
#include "base/random.h"
#include "net/http/callers/keyed_hash.h"

/* Every request with a body comes by: so many locks that two rarely meet. */
#define SHARD_COUNT  64
#define BUCKET_COUNT 64

struct share {
    struct share *next;
    uint64_t hash; /* 64 bits under a secret: collisions cannot be aimed at */
    size_t holders;
    struct body_budget budget;
};

struct shard {
    struct lock lock;
    struct share *buckets[BUCKET_COUNT];
};

struct shares {
    struct keyed_hash hash;
    enum body_budget_of of;
    size_t bytes_max;
    struct shard shards[SHARD_COUNT];
};

struct shares *shares_create(enum body_budget_of of, size_t bytes_max)
{
    struct shares *shares = mem_new(sizeof *shares);
    shares->of = of;
    shares->bytes_max = bytes_max;
    random_secret(&shares->hash, sizeof shares->hash);
    for (size_t i = 0; i < SHARD_COUNT; i++)
        lock_init(&shares->shards[i].lock);
    return shares;
}

void shares_destroy(struct shares *shares)
{
    if (shares == NULL)
        return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        for (size_t j = 0; j < BUCKET_COUNT; j++)
            assert(shares->shards[i].buckets[j] == NULL);
        lock_fini(&shares->shards[i].lock);
    }
    mem_free(shares);
}

static struct shard *shard_of(struct shares *shares, uint64_t hash)
{
    return &shares->shards[hash % SHARD_COUNT];
}

static struct share **slot_of(struct shard *shard, uint64_t hash)
{
    struct share **slot = &shard->buckets[hash / SHARD_COUNT % BUCKET_COUNT];
    while (*slot != NULL && (*slot)->hash != hash)
        slot = &(*slot)->next;
    return slot;
}

struct share *shares_enter(struct shares *shares, const char *key)
{
    uint64_t hash = keyed_hash_text(&shares->hash, 0, key);
    struct shard *shard = shard_of(shares, hash);
    LOCKED(&shard->lock);
    struct share **slot = slot_of(shard, hash);
    if (*slot == NULL) {
        *slot = mem_new(sizeof **slot);
        (*slot)->hash = hash;
        (*slot)->budget = (struct body_budget){.of = shares->of, .max = shares->bytes_max};
    }
    (*slot)->holders++;
    return *slot;
}

struct share *shares_enter_address(struct shares *shares, const struct peer_address *address)
{
    char text[PEER_TEXT_SIZE];
    struct peer_address household = peer_household(address);
    peer_text(&household, text);
    return shares_enter(shares, text);
}

void shares_leave(struct shares *shares, struct share *share)
{
    if (share == NULL)
        return;
    struct shard *shard = shard_of(shares, share->hash);
    LOCKED(&shard->lock);
    assert(share->holders > 0);
    if (--share->holders > 0)
        return;
    assert(atomic_load(&share->budget.used) == 0); /* bodies end before their requests do */
    struct share **slot = slot_of(shard, share->hash);
    *slot = share->next;
    mem_free(share);
}

struct body_budget *share_budget(struct share *share)
{
    return &share->budget;
}
