// SPDX-License-Identifier: Apache-2.0
#include "accounts/sign_in_throttle.h"

#include "base/random.h"

#include <sodium.h>
#include <stdio.h>

#define WAYS 8 /* places where a key may stand */

struct rule {
    int64_t period_ms; /* one attempt more is allowed each */
    int64_t burst;
};
enum { RULE_ACCOUNT_AT_ADDRESS, RULE_ACCOUNT, RULE_ADDRESS, RULE_COUNT };
static const struct rule RULES[RULE_COUNT] = {
    [RULE_ACCOUNT_AT_ADDRESS] = {.period_ms = 30000, .burst = 5},
    [RULE_ACCOUNT] = {.period_ms = 10000, .burst = 30},
    [RULE_ADDRESS] = {.period_ms = 2000, .burst = 60},
};

void sign_in_throttle_init(struct sign_in_throttle *throttle)
{
    lock_init(&throttle->lock);
    random_secret(throttle->seed, sizeof throttle->seed);
    throttle->offenders = mem_new_array(LIMIT_SIGN_IN_OFFENDERS, sizeof *throttle->offenders);
}

void sign_in_throttle_fini(struct sign_in_throttle *throttle)
{
    mem_free(throttle->offenders);
    lock_fini(&throttle->lock);
}

static void make_keys(const struct sign_in_throttle *throttle, const char *account,
                      const char *address, uint64_t out_keys[RULE_COUNT])
{
    const char *const parts[RULE_COUNT][2] = {
        [RULE_ACCOUNT_AT_ADDRESS] = {account, address},
        [RULE_ACCOUNT] = {account, ""},
        [RULE_ADDRESS] = {"", address},
    };
    for (int i = 0; i < RULE_COUNT; i++) {
        char joined[LIMIT_EMAIL_LEN + 80];
        int len = snprintf(joined, sizeof joined, "%d %s %s", i, parts[i][0], parts[i][1]);
        crypto_shorthash((uint8_t *)&out_keys[i], (const uint8_t *)joined,
                         MIN((size_t)len, sizeof joined - 1), (const uint8_t *)throttle->seed);
    }
}

/* The key's own place, or the one of its places that is over soonest. */
static struct sign_in_offender *place_of(struct sign_in_throttle *throttle, uint64_t key)
{
    struct sign_in_offender *set =
        &throttle->offenders[key % (LIMIT_SIGN_IN_OFFENDERS / WAYS) * WAYS];
    struct sign_in_offender *least = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].until_ms < least->until_ms)
            least = &set[i];
    }
    return least;
}

static int64_t until_of(struct sign_in_throttle *throttle, uint64_t key, int64_t now_ms)
{
    const struct sign_in_offender *place = place_of(throttle, key);
    return place->key == key ? MAX(place->until_ms, now_ms) : now_ms;
}

bool sign_in_throttle_charge(struct sign_in_throttle *throttle, const char *account,
                             const char *address, int64_t now_ms, int64_t *out_wait_ms)
{
    uint64_t keys[RULE_COUNT];
    make_keys(throttle, account, address, keys);
    LOCKED(&throttle->lock);
    for (int i = 0; i < RULE_COUNT; i++) {
        int64_t allowed_ms = now_ms + (RULES[i].burst - 1) * RULES[i].period_ms;
        int64_t until_ms = until_of(throttle, keys[i], now_ms);
        if (until_ms > allowed_ms) {
            *out_wait_ms = until_ms - allowed_ms;
            return false;
        }
    }
    for (int i = 0; i < RULE_COUNT; i++) {
        int64_t until_ms = until_of(throttle, keys[i], now_ms) + RULES[i].period_ms;
        *place_of(throttle, keys[i]) =
            (struct sign_in_offender){.key = keys[i], .until_ms = until_ms};
    }
    return true;
}

void sign_in_throttle_refund(struct sign_in_throttle *throttle, const char *account,
                             const char *address)
{
    uint64_t keys[RULE_COUNT];
    make_keys(throttle, account, address, keys);
    LOCKED(&throttle->lock);
    for (int i = 0; i < RULE_COUNT; i++) {
        struct sign_in_offender *place = place_of(throttle, keys[i]);
        if (place->key == keys[i])
            place->until_ms -= RULES[i].period_ms;
    }
}
