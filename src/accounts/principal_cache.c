// SPDX-License-Identifier: Apache-2.0
#include "accounts/principal_cache.h"

#include "base/lock.h"

#define WAYS      4
#define SET_COUNT (LIMIT_PRINCIPALS_CACHED / WAYS)
#define STRIPES   16

struct principal_cache {
    struct lock locks[STRIPES]; /* set i belongs to lock i % STRIPES */
    atomic_uint_fast64_t generation;
    struct principal_entry sets[SET_COUNT][WAYS];
};

struct principal_cache *principal_cache_create(void)
{
    struct principal_cache *cache = mem_new(sizeof *cache);
    for (int i = 0; i < STRIPES; i++)
        lock_init(&cache->locks[i]);
    return cache;
}

static void clear(struct principal_entry *entry)
{
    principal_unref(entry->principal);
    *entry = (struct principal_entry){.principal = NULL};
}

void principal_cache_destroy(struct principal_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t set = 0; set < SET_COUNT; set++)
        for (int way = 0; way < WAYS; way++)
            clear(&cache->sets[set][way]);
    for (int i = 0; i < STRIPES; i++)
        lock_fini(&cache->locks[i]);
    mem_free(cache);
}

/* The hash is a cryptographic one already: any of its bits will do. */
static size_t set_of(const uint8_t hash[32])
{
    uint64_t bits;
    memcpy(&bits, hash, sizeof bits);
    return bits % SET_COUNT;
}

static bool is_younger(const struct principal_entry *entry, int64_t age_ms, int64_t now_ms)
{
    /* A clock that was set back makes everything stale rather than eternal. */
    return entry->loaded_at_ms <= now_ms && now_ms < entry->loaded_at_ms + age_ms &&
           now_ms < entry->expires_at_ms;
}

/* May this one be given out? Remembers who is sent to renew it. */
static bool is_good(struct principal_entry *entry, enum principal_age age, int64_t now_ms)
{
    if (is_younger(entry, PRINCIPAL_RENEW_MS, now_ms))
        return true;
    if (age == PRINCIPAL_RECENT || !is_younger(entry, PRINCIPAL_TTL_MS, now_ms))
        return false;
    bool is_first = !entry->is_renewing;
    entry->is_renewing = true;
    return !is_first;
}

struct principal *principal_cache_find(struct principal_cache *cache, const uint8_t hash[32],
                                       enum principal_age age, int64_t now_ms)
{
    size_t set = set_of(hash);
    LOCKED(&cache->locks[set % STRIPES]);
    for (int way = 0; way < WAYS; way++) {
        struct principal_entry *entry = &cache->sets[set][way];
        if (entry->principal == NULL || memcmp(entry->hash, hash, sizeof entry->hash) != 0)
            continue;
        if (!is_good(entry, age, now_ms))
            return NULL;
        shared_ref(&entry->principal->shared);
        return entry->principal;
    }
    return NULL;
}

uint64_t principal_cache_generation(struct principal_cache *cache)
{
    return atomic_load(&cache->generation);
}

static struct principal_entry *place_for(struct principal_entry set[WAYS], const uint8_t hash[32])
{
    struct principal_entry *oldest = &set[0];
    for (int way = 0; way < WAYS; way++) {
        if (set[way].principal != NULL && memcmp(set[way].hash, hash, sizeof set[way].hash) == 0)
            return &set[way];
        if (set[way].loaded_at_ms < oldest->loaded_at_ms)
            oldest = &set[way];
    }
    return oldest;
}

void principal_cache_put(struct principal_cache *cache, const struct principal_entry *entry,
                         uint64_t generation)
{
    size_t set = set_of(entry->hash);
    LOCKED(&cache->locks[set % STRIPES]);
    if (atomic_load(&cache->generation) != generation)
        return;
    struct principal_entry *place = place_for(cache->sets[set], entry->hash);
    clear(place);
    *place = *entry;
    shared_ref(&place->principal->shared);
}

static void forget_if(struct principal_cache *cache,
                      bool (*is_meant)(const struct principal *principal, const void *context),
                      const void *context)
{
    (void)atomic_fetch_add(&cache->generation, 1);
    for (size_t set = 0; set < SET_COUNT; set++) {
        LOCKED(&cache->locks[set % STRIPES]);
        for (int way = 0; way < WAYS; way++) {
            struct principal_entry *entry = &cache->sets[set][way];
            if (entry->principal != NULL && is_meant(entry->principal, context))
                clear(entry);
        }
    }
}

static bool is_person(const struct principal *principal, const void *id)
{
    return principal->person_id != 0 && principal->person_id == *(const int64_t *)id;
}

static bool is_token(const struct principal *principal, const void *id)
{
    return principal->token_id != 0 && principal->token_id == *(const int64_t *)id;
}

static bool is_at_event(const struct principal *principal, const void *event)
{
    return principal_is_at(principal, event);
}

void principal_cache_forget_person(struct principal_cache *cache, int64_t person_id)
{
    forget_if(cache, is_person, &person_id);
}

void principal_cache_forget_token(struct principal_cache *cache, int64_t token_id)
{
    forget_if(cache, is_token, &token_id);
}

void principal_cache_forget_event(struct principal_cache *cache, const char *event)
{
    forget_if(cache, is_at_event, event);
}
