// SPDX-License-Identifier: Apache-2.0
#include "net/http/callers/addresses.h"

#include "base/lock.h"
#include "base/random.h"

#define BUCKET_COUNT 4096

struct address {
    struct address *next;
    uint64_t halves[2];
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

static uint64_t mix(uint64_t a)
{
    a ^= a >> 32;
    a *= 0xD6E8FEB86659FD93ULL;
    return a ^ a >> 32;
}

static void halve(const struct peer_address *of, uint64_t out_halves[2])
{
    memcpy(out_halves, of->bytes, PEER_ADDRESS_SIZE);
    bool is_v4 = out_halves[0] == 0; /* ::ffff:a.b.c.d, and loopback, which nobody counts */
    if (!is_v4)
        out_halves[1] = 0;
}

static struct address **slot_of(struct addresses *addresses, const uint64_t halves[2])
{
    uint64_t hash = mix(mix(addresses->secret ^ halves[0]) ^ halves[1]);
    struct address **slot = &addresses->buckets[hash % BUCKET_COUNT];
    while (*slot != NULL && memcmp((*slot)->halves, halves, 2 * sizeof *halves) != 0)
        slot = &(*slot)->next;
    return slot;
}

bool addresses_have_room(struct addresses *addresses, const struct peer_address *of)
{
    uint64_t halves[2];
    halve(of, halves);
    LOCKED(&addresses->lock);
    const struct address *address = *slot_of(addresses, halves);
    return address == NULL || address->connections < addresses->connections_max;
}

struct address *addresses_enter(struct addresses *addresses, const struct peer_address *of)
{
    uint64_t halves[2];
    halve(of, halves);
    LOCKED(&addresses->lock);
    struct address **slot = slot_of(addresses, halves);
    if (*slot == NULL) {
        *slot = mem_new(sizeof **slot);
        memcpy((*slot)->halves, halves, sizeof halves);
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
    struct address **slot = slot_of(addresses, address->halves);
    *slot = address->next;
    mem_free(address);
}
