// SPDX-License-Identifier: Apache-2.0
/* net/http/callers/keyed_hash.h — a hash of 64 bits under a secret of the process: fast, and nobody
 * outside can choose two keys of one value. Not for signatures. */
#pragma once
#include <stdint.h>

struct keyed_hash {
    uint64_t secret[2]; /* random_secret() */
};

static inline uint64_t keyed_hash_mix(uint64_t a)
{
    a ^= a >> 32;
    a *= 0xD6E8FEB86659FD93ULL;
    a ^= a >> 32;
    a *= 0xD6E8FEB86659FD93ULL;
    return a ^ a >> 32;
}

/* `scope` tells apart equal texts of different meanings. */
static inline uint64_t keyed_hash_text(const struct keyed_hash *hash, uint64_t scope,
                                       const char *text)
{
    uint64_t value = hash->secret[0] ^ keyed_hash_mix(scope ^ hash->secret[1]);
    for (; *text != '\0'; text++)
        value = keyed_hash_mix(value ^ (unsigned char)*text) + hash->secret[1];
    return keyed_hash_mix(value);
}
