// SPDX-License-Identifier: Apache-2.0
/* accounts/sign_in_throttle.h — slows down guessing: failed sign-ins are counted per account from
 * one address, per account, and per address, each by GCRA. An attempt is charged before the
 * password is looked at, so that attempts in parallel count too, and given back when it was right:
 * a door crew behind one address signs in without limit. The narrow rule is strict and the
 * account's own is wide, so that a stranger elsewhere can hardly lock somebody out.
 *
 * In memory, per process; a full table forgets who offended least. */
#pragma once
#include "base/lock.h"

struct sign_in_offender {
    uint64_t key;
    int64_t until_ms; /* GCRA's theoretical arrival time */
};

struct sign_in_throttle {
    struct lock lock;
    uint64_t seed[2];                   /* of SipHash: keys cannot be chosen to collide */
    struct sign_in_offender *offenders; /* LIMIT_SIGN_IN_OFFENDERS; owned */
};

void sign_in_throttle_init(struct sign_in_throttle *throttle);
void sign_in_throttle_fini(struct sign_in_throttle *throttle);

/* False when the attempt must wait *out_wait_ms; nothing was charged then. */
bool sign_in_throttle_charge(struct sign_in_throttle *throttle, const char *account,
                             const char *address, int64_t now_ms, int64_t *out_wait_ms);
/* The attempt was no guess. */
void sign_in_throttle_refund(struct sign_in_throttle *throttle, const char *account,
                             const char *address);
