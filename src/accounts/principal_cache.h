// SPDX-License-Identifier: Apache-2.0
/* accounts/principal_cache.h — who stands behind a token, remembered for PRINCIPAL_TTL_MS, so that
 * thousands of requests a second do not ask the database. Bounded: four places for each token, the
 * oldest makes room.
 *
 * Forgetting must win against a look-up that read the database just before the change: the look-up
 * takes the generation first, and what it found is not kept when somebody was forgotten meanwhile.
 */
#pragma once
#include "accounts/accounts.h"

struct principal_entry {
    uint8_t hash[32];
    struct principal *principal; /* counted; NULL = free */
    int64_t loaded_at_ms;
    int64_t expires_at_ms; /* of the session; INT64_MAX for tokens */
    int64_t seen_at_ms;    /* as stored: when to store it anew */
    bool is_renewing;      /* somebody has gone to look it up again */
};

struct principal_cache;
struct principal_cache *principal_cache_create(void);
void principal_cache_destroy(struct principal_cache *cache);
DEFINE_SCOPED(principal_cache)

/* Who may ask the database takes what is recent, PRINCIPAL_RENEW_MS old at most. Who may not takes
 * what is known, up to PRINCIPAL_TTL_MS; but of those who ask for one that is not recent any more, one gets
 * NULL, and so goes and renews it: a thousand requests at that moment are one look-up. */
enum principal_age { PRINCIPAL_RECENT, PRINCIPAL_KNOWN };
/* A reference of the caller's, or NULL. */
struct principal *principal_cache_find(struct principal_cache *cache, const uint8_t hash[32],
                                       enum principal_age age, int64_t now_ms);
uint64_t principal_cache_generation(struct principal_cache *cache);
/* Takes a reference of its own, unless a generation began since. */
void principal_cache_put(struct principal_cache *cache, const struct principal_entry *entry,
                         uint64_t generation);
/* All of a person's sessions; one token; all that have a role at the event. */
void principal_cache_forget_person(struct principal_cache *cache, int64_t person_id);
void principal_cache_forget_token(struct principal_cache *cache, int64_t token_id);
void principal_cache_forget_event(struct principal_cache *cache, const char *event);
