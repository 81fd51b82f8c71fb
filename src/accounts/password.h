// SPDX-License-Identifier: Apache-2.0
/* accounts/password.h — argon2id by libsodium, with a bound on how many are computed at a time:
 * each takes 64 MiB, so that a flood of sign-ins would otherwise end the process. */
#pragma once
#include "accounts/people.h"

#define PASSWORD_HASH_SIZE 128

struct password_cost {
    uint64_t passes;
    size_t bytes;
};

/* ERR_BUSY when LIMIT_PASSWORD_HASHES are under way; ERR_NO_MEMORY. */
MUST_USE enum err password_hash(const struct password_cost *cost, const char *password,
                                char out_hash[PASSWORD_HASH_SIZE]);
/* ERR_UNAUTHENTICATED when it is another password. */
MUST_USE enum err password_verify(const char *hash, const char *password);
/* The hash was made with another cost: make it anew while the password is at hand. */
bool password_is_outdated(const struct password_cost *cost, const char *hash);
/* A hash that no password fits and that takes as long as a real one to verify. */
void password_nobodys(const struct password_cost *cost, char out_hash[PASSWORD_HASH_SIZE]);

/* One of the slots, for as long as a hash is computed; public for the test of the bound. */
bool password_slot_take(void);
void password_slot_give(void);
