// SPDX-License-Identifier: Apache-2.0
/* base/random.h — two kinds of chance that must not be confused: secrets from the system, and a
 * seeded sequence for tests, the demo and jitter. */
#pragma once
#include "base/base.h"

void random_secret(void *bytes, size_t len); /* libsodium, from the kernel */
void random_id(char *out, size_t size);      /* lower-case letters and digits, terminated */
int64_t random_id63(void);                   /* a positive 63-bit number */

struct random_sequence { /* splitmix64 (Steele, Lea, Flood 2014): same seed, same numbers */
    uint64_t state;
};
uint64_t random_next(struct random_sequence *sequence);
double random_uniform(struct random_sequence *sequence);                 /* [0, 1) */
double random_normal(struct random_sequence *sequence);                  /* mean 0, deviation 1 */
uint64_t random_below(struct random_sequence *sequence, uint64_t bound); /* bound > 0 */
