// SPDX-License-Identifier: Apache-2.0
#include "net/http/callers/addresses.h"

#include "base/lock.h"
#include "base/random.h"
#include "net/http/callers/keyed_hash.h"

#define BUCKET_COUNT 4096

struct address {
    struct address *next;
    struct peer_address household;
    size_t connections;
};

struct addresses {
    struct lock lock;
    uint64_t secret; /* so that nobody can choose addresses of one bucket */
    size_t connections_max;
    struct address *buckets[BUCKET_COUNT];
};

struct addresses *addresses_create(size_t connections_max)
{
    struct addresses *addresses = mem_new(sizeof *addresses);
    addresses->connections_max = connections_max;
    random_secret(&addresses->secret, sizeof addresses->secret);
    lock_init(&addresses->lock);
    return addresses;
}

void addresses_destroy(struct addresses *addresses)
{
    if (addresses == NULL)
        return;
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        assert(addresses->buckets[i] == NULL);
    lock_fini(&addresses->lock);
    mem_free(addresses);
}

static struct address **slot_of(struct addresses *addresses, const struct peer_address *of)
{
    uint64_t halves[2];
    memcpy(halves, of->bytes, sizeof halves);
    uint64_t hash = keyed_hash_mix(keyed_hash_mix(addresses->secret ^ halves[0]) ^ halves[1]);
    struct address **slot = &addresses->buckets[hash % BUCKET_COUNT];
    while (*slot != NULL && memcmp(&(*slot)->household, of, sizeof *of) != 0)
        slot = &(*slot)->next;
    return slot;
}

bool addresses_have_room(struct addresses *addresses, const struct peer_address *of)
{
    struct peer_address household = peer_household(of);
    LOCKED(&addresses->lock);
    const struct address *address = *slot_of(addresses, &household);
    return address == NULL || address->connections < addresses->connections_max;
}

struct address *addresses_enter(struct addresses *addresses, const struct peer_address *of)
{
    struct peer_address household = peer_household(of);
    LOCKED(&addresses->lock);
    struct address **slot = slot_of(addresses, &household);
    if (*slot == NULL) {
        *slot = mem_new(sizeof **slot);
        (*slot)->household = household;
    }
    (*slot)->connections++;
    return *slot;
}

void addresses_leave(struct addresses *addresses, struct address *address)
{
    if (address == NULL)
        return;
    LOCKED(&addresses->lock);
    assert(address->connections > 0);
    if (--address->connections > 0)
        return;
    struct address **slot = slot_of(addresses, &address->household);
    *slot = address->next;
    mem_free(address);
}
