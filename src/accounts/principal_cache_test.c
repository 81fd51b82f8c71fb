// SPDX-License-Identifier: Apache-2.0
#include "accounts/principal_cache.h"

#include "base/random.h"
#include "base/test.h"

static const int64_t NOW_MS = 1000000;

static void principal_free(struct shared *shared)
{
    mem_free(shared);
}

/* The caller's reference is handed to the cache alone. */
static void remember(struct principal_cache *cache, uint8_t first, int64_t person_id,
                     int64_t token_id, uint64_t generation)
{
    struct principal *principal = mem_new(sizeof *principal);
    shared_init(&principal->shared, principal_free);
    principal->person_id = person_id;
    principal->token_id = token_id;
    struct principal_entry entry = {.hash = {first},
                                    .principal = principal,
                                    .loaded_at_ms = NOW_MS,
                                    .expires_at_ms = NOW_MS + 100000};
    principal_cache_put(cache, &entry, generation);
    principal_unref(principal);
}

static bool knows(struct principal_cache *cache, uint8_t first, int64_t now_ms)
{
    uint8_t hash[32] = {first};
    struct principal *principal = principal_cache_find(cache, hash, PRINCIPAL_KNOWN, now_ms);
    principal_unref(principal);
    return principal != NULL;
}

TEST(principal_is_remembered_for_two_seconds_and_not_into_the_past)
{
    SCOPED(principal_cache) cache = principal_cache_create();
    CHECK(!knows(cache, 7, NOW_MS));
    remember(cache, 7, 1, 0, principal_cache_generation(cache));
    CHECK(knows(cache, 7, NOW_MS));
    CHECK(knows(cache, 7, NOW_MS + 999));
    CHECK(!knows(cache, 7, NOW_MS + 2000));
    CHECK(!knows(cache, 7, NOW_MS - 1));
    CHECK(!knows(cache, 8, NOW_MS));
}

TEST(of_all_who_ask_for_an_ageing_principal_one_renews_it)
{
    SCOPED(principal_cache) cache = principal_cache_create();
    remember(cache, 7, 1, 0, principal_cache_generation(cache));
    CHECK(!knows(cache, 7, NOW_MS + 1000));
    CHECK(knows(cache, 7, NOW_MS + 1000));
    CHECK(knows(cache, 7, NOW_MS + 1999));
    uint8_t hash[32] = {7};
    CHECK(principal_cache_find(cache, hash, PRINCIPAL_RECENT, NOW_MS + 1000) == NULL);
    remember(cache, 7, 1, 0, principal_cache_generation(cache));
    CHECK(!knows(cache, 7, NOW_MS + 1500));
}

TEST(forgotten_person_is_gone_at_once_and_others_stay)
{
    SCOPED(principal_cache) cache = principal_cache_create();
    uint64_t generation = principal_cache_generation(cache);
    remember(cache, 1, 11, 0, generation);
    remember(cache, 2, 11, 0, generation);
    remember(cache, 3, 12, 0, generation);
    remember(cache, 4, 0, 11, generation);
    principal_cache_forget_person(cache, 11);
    CHECK(!knows(cache, 1, NOW_MS));
    CHECK(!knows(cache, 2, NOW_MS));
    CHECK(knows(cache, 3, NOW_MS));
    CHECK(knows(cache, 4, NOW_MS));
    principal_cache_forget_token(cache, 11);
    CHECK(!knows(cache, 4, NOW_MS));
    CHECK(knows(cache, 3, NOW_MS));
}

TEST(what_was_read_before_somebody_was_forgotten_is_not_kept)
{
    SCOPED(principal_cache) cache = principal_cache_create();
    uint64_t before = principal_cache_generation(cache);
    principal_cache_forget_person(cache, 11);
    remember(cache, 1, 11, 0, before);
    CHECK(!knows(cache, 1, NOW_MS));
    remember(cache, 1, 11, 0, principal_cache_generation(cache));
    CHECK(knows(cache, 1, NOW_MS));
}

TEST(flood_of_principals_stays_within_the_bound)
{
    SCOPED(principal_cache) cache = principal_cache_create();
    struct random_sequence sequence = {.state = 1};
    uint64_t generation = principal_cache_generation(cache);
    uint8_t last[32] = {0};
    for (int i = 0; i < 3 * LIMIT_PRINCIPALS_CACHED; i++) {
        struct principal *principal = mem_new(sizeof *principal);
        shared_init(&principal->shared, principal_free);
        struct principal_entry entry = {
            .principal = principal, .loaded_at_ms = NOW_MS + i, .expires_at_ms = INT64_MAX};
        uint64_t bits = random_next(&sequence);
        memcpy(entry.hash, &bits, sizeof bits);
        memcpy(last, entry.hash, sizeof last);
        principal_cache_put(cache, &entry, generation);
        principal_unref(principal);
    }
    struct principal *newest =
        principal_cache_find(cache, last, PRINCIPAL_KNOWN, NOW_MS + 3 * LIMIT_PRINCIPALS_CACHED);
    CHECK(newest != NULL);
    principal_unref(newest);
}
